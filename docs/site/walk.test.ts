/** Opens the built site in a browser. Built first by `pnpm site`; the browser is named by `CHROMIUM`. */
import { describe, expect, it } from 'vitest'
import { movedPages, pageGroups } from '../.vitepress/pages.ts'
import { walkSite } from './browser.ts'

const addresses = pageGroups.flatMap(({ pages }) =>
  pages.map(({ file }) => `/${(movedPages[file] ?? file).replace(/\.md$/, '')}`),
)

const walk = walkSite()
const open = (address: string): Promise<void> => walk.open(address)

describe('the pages', () => {
  it('open with a heading and without a complaint, and all of their pictures are there', {
    timeout: 300_000,
  }, async () => {
    for (const address of [
      '/',
      ...addresses,
      '/api/',
      '/api/@nightlatch/core/',
      '/api/@nightlatch/core/interfaces/Client',
    ]) {
      await open(address)
      expect(await walk.page.locator('h1').first().textContent(), address).toMatch(/\w/)
      for (const picture of await walk.page.locator('main img').all()) {
        await picture.scrollIntoViewIfNeeded()
        const width = (): Promise<number> => picture.evaluate((element) => (element as HTMLImageElement).naturalWidth)
        await expect.poll(width, { message: address }).toBeGreaterThan(0)
        expect(await picture.getAttribute('alt'), address).toMatch(/\w/)
      }
      expect(walk.complaints, address).toEqual([])
    }
  })

  it('are reached from the start page by clicks, without a load of the whole page', async () => {
    await open('/')
    await walk.page.evaluate(() => Object.assign(globalThis, { isSamePage: true }))
    await walk.page.locator('.VPNavBar').getByRole('link', { name: 'Documentation' }).click()
    await walk.page.waitForURL('**/contents**')
    await walk.page.locator('.VPSidebar').getByRole('link', { name: 'Errors' }).click()
    await walk.page.locator('h1', { hasText: 'Errors' }).waitFor()
    expect(new URL(walk.page.url()).pathname).toBe('/errors.html')
    expect(await walk.page.evaluate(() => 'isSamePage' in globalThis)).toBe(true)
  })

  it('scroll to the heading that a link names', async () => {
    await open('/errors#origin_refused')
    const distance = async (): Promise<number> => (await walk.page.locator('#origin_refused').boundingBox())?.y ?? 9999
    await expect.poll(distance).toBeLessThan(600)
  })
})

describe('the search', () => {
  it('finds the page about expired tokens, and opens it', async () => {
    await open('/')
    await walk.page.getByRole('button', { name: 'Search' }).first().click()
    await walk.page.locator('.VPLocalSearchBox input').fill('expired token')
    const results = walk.page.locator('.VPLocalSearchBox .result')
    await results.first().waitFor()
    expect((await results.allInnerTexts()).join('\n')).toContain('The life of a token')
    await results.filter({ hasText: 'The life of a token' }).first().click()
    await walk.page.waitForURL('**/life-of-a-token.html**')
  })

  it('finds a name of the API reference', async () => {
    await open('/errors')
    await walk.page.keyboard.press('Control+k')
    await walk.page.locator('.VPLocalSearchBox input').fill('clientSecretBasic')
    await walk.page.locator('.VPLocalSearchBox .result', { hasText: 'clientSecretBasic' }).first().waitFor()
  })

  it('says so when there is nothing', async () => {
    await open('/errors')
    await walk.page.keyboard.press('Control+k')
    await walk.page.locator('.VPLocalSearchBox input').fill('zzyzxqwv')
    await walk.page.getByText('No results for').waitFor()
  })
})

describe('tabs', () => {
  it('of one key stay in sync, by click and by arrow, and are kept', async () => {
    await open('/start')
    const selected = (): Promise<string[]> => walk.page.locator('.tabs button[aria-selected=true]').allInnerTexts()
    const count = async (label: string): Promise<number> => (await selected()).filter((one) => one === label).length
    await walk.page.getByRole('tab', { name: 'npm', exact: true }).first().click()
    await walk.page.keyboard.press('ArrowRight')
    await expect.poll(() => count('pnpm')).toBeGreaterThan(0)
    await open('/start')
    await expect.poll(() => count('pnpm')).toBeGreaterThan(0)
  })
})

describe('light and dark', () => {
  const background = (): Promise<string> => walk.page.evaluate(() => getComputedStyle(document.body).backgroundColor)

  it('dark is what the system asks for', async () => {
    await walk.page.emulateMedia({ colorScheme: 'dark' })
    await open('/errors')
    expect(await walk.page.locator('html').getAttribute('class')).toContain('dark')
    expect(brightness(await background())).toBeLessThan(0.1)
  })

  it('dark is a click away, and is kept', async () => {
    await open('/errors')
    expect(brightness(await background())).toBeGreaterThan(0.9)
    await walk.page.locator('.VPSwitchAppearance:visible').click()
    await expect.poll(async () => brightness(await background())).toBeLessThan(0.1)
    await open('/core')
    expect(brightness(await background())).toBeLessThan(0.1)
  })

  it.each(['light', 'dark'] as const)('text and code can be read: %s', async (colorScheme) => {
    await walk.page.emulateMedia({ colorScheme })
    await open('/errors')
    for (const selector of ['.vp-doc p', '.vp-doc td', '.VPSidebar a p', 'div[class*=language-] code span span']) {
      const [text = '', behind = ''] = await walk.page
        .locator(selector)
        .first()
        .evaluate((element) => {
          let surface: Element | null = element
          while (surface !== null && getComputedStyle(surface).backgroundColor === 'rgba(0, 0, 0, 0)')
            surface = surface.parentElement
          return [getComputedStyle(element).color, getComputedStyle(surface ?? document.body).backgroundColor]
        })
      expect(contrast(text, behind), selector).toBeGreaterThan(4)
    }
  })
})

describe('on a telephone', () => {
  it('no page is wider than the screen', async () => {
    await walk.page.setViewportSize({ width: 390, height: 844 })
    for (const address of ['/', '/errors', '/core', '/benchmarks']) {
      await open(address)
      expect(await walk.page.evaluate(() => document.documentElement.scrollWidth), address).toBeLessThanOrEqual(390)
    }
  })
})

/** From 0, black, to 1, white: relative luminance, as the Web Content Accessibility Guidelines reckon it. */
function brightness(color: string): number {
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? [])
    .map((part) => Number(part) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [darker = 0, brighter = 0] = [brightness(one), brightness(other)].sort((a, b) => a - b)
  return (brighter + 0.05) / (darker + 0.05)
}
