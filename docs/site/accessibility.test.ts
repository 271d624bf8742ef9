import { expect, it } from 'vitest'
import { findDeadStops, judgeAccessibility } from './accessibility.ts'
import { walkSite } from './browser.ts'

/** One page of each form: with tabs, tables, long code, pictures, of the reference, of no address. */
const addresses = [
  '/',
  '/start',
  '/install',
  '/contents',
  '/guides/fleet-on-kubernetes',
  '/guides/nextjs',
  '/guides/proxies-and-private-cas',
  '/providers',
  '/providers/hexagon',
  '/core',
  '/life-of-a-token',
  '/errors',
  '/cli',
  '/benchmarks',
  '/api/@nightlatch/core/',
  '/api/@nightlatch/core/functions/createClient',
]

const walk = walkSite()

it.each(addresses)('axe finds nothing serious or critical on %s, light, dark, and 390 px wide', async (address) => {
  const { page, open } = walk
  await open(address)
  const found = {
    light: await judgeAccessibility(page),
    dark: [''] as readonly string[],
    narrow: [''] as readonly string[],
  }
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.waitForFunction(() => document.documentElement.classList.contains('dark'))
  found.dark = await judgeAccessibility(page)
  await page.setViewportSize({ width: 390, height: 844 })
  found.narrow = await judgeAccessibility(page)
  expect(found).toEqual({ light: [], dark: [], narrow: [] })
})

it.each([1440, 390])('the Tab key stops only where a reader can see it, %i px wide', async (width) => {
  await walk.page.setViewportSize({ width, height: 844 })
  const found: string[] = []
  for (const address of ['/', '/install', '/errors', '/api/@nightlatch/core/']) {
    await walk.open(address)
    found.push(...(await findDeadStops(walk.page, 60)).map((one) => `${address}: ${one}`))
  }
  expect(found).toEqual([])
})
