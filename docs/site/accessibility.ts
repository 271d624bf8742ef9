/** Checks an open page for accessibility: axe's rules, and the stops of the Tab key. */
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** What axe finds that is serious or critical, each with the elements. */
export async function judgeAccessibility(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.addScriptTag({ path: axe })
  const { violations } = await page.evaluate(
    (): Promise<AxeResults> =>
      (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({
        resultTypes: ['violations'],
      }),
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 5)
          .map(({ target }) => target.join(' '))
          .join(', ')} (${nodes.length})`,
    )
}

/**
 * Elements that the Tab key reaches and a reader cannot see or name.
 *
 * @param stops how often Tab is pressed
 */
export async function findDeadStops(page: Page, stops: number): Promise<readonly string[]> {
  const dead = new Set<string>()
  for (let stop = 0; stop < stops; stop += 1) {
    await page.keyboard.press('Tab')
    const complaint = await page.evaluate(() => {
      const element = document.activeElement
      if (element === null || element === document.body) return undefined
      const { width, height, top, bottom } = element.getBoundingClientRect()
      const { visibility, opacity } = getComputedStyle(element)
      const isSeen =
        width > 0 && height > 0 && bottom > 0 && top < innerHeight && visibility === 'visible' && opacity !== '0'
      const name = element.getAttribute('aria-label') ?? element.textContent?.trim() ?? ''
      const isNamed = name !== '' || element.hasAttribute('aria-labelledby') || element.hasAttribute('title')
      if (isSeen && isNamed) return undefined
      return `${isSeen ? 'has no name' : 'is not seen'}: ${element.outerHTML.slice(0, 120)}`
    })
    if (complaint !== undefined) dead.add(complaint)
  }
  return [...dead]
}
