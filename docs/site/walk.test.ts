/** Opens the built site in a browser. Built first by `pnpm site`; the browser is named by `CHROMIUM`. */
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { movedPages, pageGroups } from '../.vitepress/pages.ts'
import { type FolderServer, serveFolder } from './serve-folder.ts'

const addresses = pageGroups.flatMap(({ pages }) =>
  pages.map(({ file }) => `/${(movedPages[file] ?? file).replace(/\.md$/, '')}`),
)

let server: FolderServer
let browser: Browser
let page: Page
/** What went wrong in the browser during a test. */
let complaints: string[]

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

beforeAll(async () => {
  server = await serveFolder(join(import.meta.dirname, '../.vitepress/dist'))
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // No other host has an address here.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  })
})

afterAll(async () => {
  await browser?.close()
  await server?.[Symbol.asyncDispose]()
})

beforeEach(async () => {
  complaints = []
  page = await browser.newPage({ colorScheme: 'light', viewport: { width: 1400, height: 900 } })
  page.setDefaultTimeout(20_000)
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`not caught: ${error.message}`))
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (origin !== server.origin && protocol !== 'data:') complaints.push(`asked another host: ${request.url()}`)
  })
  page.on('requestfailed', (request) => {
    // A page that is left takes back what it had asked for ahead.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') complaints.push(`failed: ${request.url()}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`)
  })
})

afterEach(async () => {
  await page.close()
  expect(complaints).toEqual([])
})

/** Opens a page and waits until its scripts have taken it over. */
async function open(address: string): Promise<void> {
  await page.goto(`${server.origin}${address}`, { waitUntil: 'load' })
  await page.waitForFunction(() => '__vue_app__' in (document.querySelector('#app') ?? {}))
}

describe('the pages', () => {
  it('open with a heading and without a complaint, and all of their pictures are there', async () => {
    for (const address of [
      '/',
      ...addresses,
      '/api/',
      '/api/@nightlatch/core/',
      '/api/@nightlatch/core/interfaces/Client',
    ]) {
      await open(address)
      expect(await page.locator('h1').first().textContent(), address).toMatch(/\w/)
      for (const picture of await page.locator('main img').all()) {
        await picture.scrollIntoViewIfNeeded()
        const width = (): Promise<number> => picture.evaluate((element) => (element as HTMLImageElement).naturalWidth)
        await expect.poll(width, { message: address }).toBeGreaterThan(0)
        expect(await picture.getAttribute('alt'), address).toMatch(/\w/)
      }
      expect(complaints, address).toEqual([])
    }
  })

  it('are reached from the start page by clicks, without a load of the whole page', async () => {
    await open('/')
    await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }))
    await page.locator('.VPHero').getByRole('link', { name: 'Documentation' }).click()
    await page.locator('h1', { hasText: 'Documentation' }).waitFor()
    await page.locator('.VPSidebar').getByRole('link', { name: 'Errors' }).click()
    await page.locator('h1', { hasText: 'Errors' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/errors.html')
    expect(await page.evaluate(() => 'isSamePage' in globalThis)).toBe(true)
  })

  it('scroll to the heading that a link names', async () => {
    await open('/errors#origin_refused')
    const distance = async (): Promise<number> => (await page.locator('#origin_refused').boundingBox())?.y ?? 9999
    await expect.poll(distance).toBeLessThan(600)
  })
})

describe('the search', () => {
  it('finds the page about expired tokens, and opens it', async () => {
    await open('/')
    await page.getByRole('button', { name: 'Search' }).first().click()
    await page.locator('.VPLocalSearchBox input').fill('expired token')
    const results = page.locator('.VPLocalSearchBox .result')
    await results.first().waitFor()
    expect((await results.allInnerTexts()).join('\n')).toContain('The life of a token')
    await results.filter({ hasText: 'The life of a token' }).first().click()
    await page.waitForURL('**/life-of-a-token.html**')
  })

  it('finds a name of the API reference', async () => {
    await open('/errors')
    await page.keyboard.press('Control+k')
    await page.locator('.VPLocalSearchBox input').fill('clientSecretBasic')
    await page.locator('.VPLocalSearchBox .result', { hasText: 'clientSecretBasic' }).first().waitFor()
  })

  it('says so when there is nothing', async () => {
    await open('/errors')
    await page.keyboard.press('Control+k')
    await page.locator('.VPLocalSearchBox input').fill('zzyzxqwv')
    await page.getByText('No results for').waitFor()
  })
})

describe('light and dark', () => {
  const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor)

  it('dark is what the system asks for', async () => {
    await page.emulateMedia({ colorScheme: 'dark' })
    await open('/errors')
    expect(await page.locator('html').getAttribute('class')).toContain('dark')
    expect(brightness(await background())).toBeLessThan(0.1)
  })

  it('dark is a click away, and is kept', async () => {
    await open('/errors')
    expect(brightness(await background())).toBeGreaterThan(0.9)
    await page.locator('.VPSwitchAppearance:visible').click()
    await expect.poll(async () => brightness(await background())).toBeLessThan(0.1)
    await open('/core')
    expect(brightness(await background())).toBeLessThan(0.1)
  })

  it.each(['light', 'dark'] as const)('text and code can be read: %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    await open('/errors')
    for (const selector of ['.vp-doc p', '.vp-doc td', '.VPSidebar a p', 'div[class*=language-] code span span']) {
      const [text = '', behind = ''] = await page
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
    await page.setViewportSize({ width: 390, height: 844 })
    for (const address of ['/', '/errors', '/core', '/benchmarks']) {
      await open(address)
      expect(await page.evaluate(() => document.documentElement.scrollWidth), address).toBeLessThanOrEqual(390)
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
