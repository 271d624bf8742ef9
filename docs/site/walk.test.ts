/** Opens the built site in a browser. Built first by `pnpm site`; the browser is named by `CHROMIUM`. */
import type { Locator } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { movedPages, pageGroups } from '../.vitepress/pages.ts'
import { walkSite } from './browser.ts'

const addresses = pageGroups.flatMap(({ pages }) =>
  pages.map(({ file }) => `/${(movedPages[file] ?? file).replace(/\.md$/, '')}`),
)

/** Pages for looking things up, and those for contributors. */
const longPages: readonly string[] = [
  ...pageGroups
    .filter(({ title }) => title === 'Reference' || title === 'Contributing')
    .flatMap(({ pages }) => pages.map(({ file }) => `/${file.replace(/\.md$/, '')}`)),
  '/providers',
  '/providers/prevu3d',
  '/providers/hexagon',
  '/providers-vocabulary',
]

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
      for (const picture of await walk.page.locator('.VPContent img:not(.in-dark img)').all()) {
        await picture.scrollIntoViewIfNeeded()
        const width = (): Promise<number> => picture.evaluate((element) => (element as HTMLImageElement).naturalWidth)
        await expect.poll(width, { message: address }).toBeGreaterThan(0)
        expect(await picture.getAttribute('alt'), address).toMatch(/\w/)
      }
      expect(walk.complaints, address).toEqual([])
    }
  })

  it('are at most 6,000 pixels high, except those for looking things up', { timeout: 300_000 }, async () => {
    const high: string[] = []
    for (const address of ['/', ...addresses.filter((one) => !longPages.includes(one))]) {
      await open(address)
      const height = await walk.page.evaluate(() => document.documentElement.scrollHeight)
      if (height > 6000) high.push(`${address}: ${height}`)
    }
    expect(high).toEqual([])
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

describe('Start', () => {
  it.each([
    { vendor: 'Okta', imported: '@nightlatch/providers/okta', note: 'Use a scope of your own authorization server' },
    { vendor: 'Keycloak', imported: '@nightlatch/providers/keycloak', note: 'Service accounts roles' },
  ])('shows the file for $vendor, and copies it', async ({ vendor, imported, note }) => {
    await open('/')
    await walk.page.evaluate(() =>
      Object.defineProperty(navigator, 'clipboard', {
        value: { writeText: async (text: string) => Object.assign(globalThis, { copied: text }) },
      }),
    )
    await walk.page.locator('.VPHero').getByRole('link', { name: 'Start', exact: true }).click()
    await walk.page.locator('h1', { hasText: 'Start' }).waitFor()
    await walk.page.getByRole('tab', { name: vendor, exact: true }).click()
    const panel = walk.page.getByRole('tabpanel').filter({ hasText: imported })
    await panel.getByText(note).waitFor()
    expect(
      await walk.page.locator('div[class*=language-ts]:visible', { hasText: '@nightlatch/providers' }).count(),
    ).toBe(1)
    await panel.locator('button.copy').first().click()
    const copied = (): Promise<string> => walk.page.evaluate(() => Reflect.get(globalThis, 'copied') ?? '')
    await expect.poll(copied).toContain(`from '${imported}'`)
    expect(await copied()).toMatch(/createClient\([\s\S]*await client\.api\(\)/)
  })
})

describe('an address that leads nowhere', () => {
  it('gets a page with the search, which looks for the words of the address', async () => {
    await open('/guides/private-keys-of-old')
    expect(walk.complaints.splice(0)).toEqual([expect.stringMatching(/404/), expect.stringMatching(/404/)])
    await walk.page.locator('h1', { hasText: 'Page not found' }).waitFor()
    await walk.page.locator('main').getByRole('button', { name: 'Search' }).click()
    const results = walk.page.locator('.VPLocalSearchBox .result')
    await results.filter({ hasText: 'Sign with a private key' }).first().click()
    await walk.page.waitForURL('**/guides/private-keys.html**')
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

  it.each(['light', 'dark'] as const)('pictures have the scheme that the reader chose: %s', async (chosen) => {
    await walk.page.emulateMedia({ colorScheme: chosen === 'light' ? 'dark' : 'light' })
    for (const address of ['/benchmarks', '/fleet', '/life-of-a-token', '/gateway']) {
      await open(address)
      if (address === '/benchmarks') await walk.page.locator('.VPSwitchAppearance:visible').click()
      const picture = await showPicture(`main .in-${chosen} img`)
      expect(brightness(await cornerOf(await picture.screenshot())), address).toSatisfy((one: number) =>
        chosen === 'light' ? one > 0.8 : one < 0.1,
      )
    }
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

  it('the letters of drawn results are at least 11 pixels high', async () => {
    await walk.page.setViewportSize({ width: 390, height: 844 })
    for (const address of ['/benchmarks', '/fleet']) {
      await open(address)
      const picture = await showPicture('main .in-light img')
      const scale = await picture.evaluate((one) => {
        const { naturalWidth, currentSrc, clientWidth } = one as HTMLImageElement
        return currentSrc.includes('-narrow') ? clientWidth / naturalWidth : 0
      })
      expect(12 * scale, address).toBeGreaterThanOrEqual(11)
    }
  })
})

/** Scrolls to the first of the pictures, and waits until it has loaded. */
async function showPicture(selector: string): Promise<Locator> {
  const picture = walk.page.locator(selector).first()
  await picture.scrollIntoViewIfNeeded()
  await expect.poll(() => picture.evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBeGreaterThan(0)
  await picture.evaluate((one) => (one as HTMLImageElement).decode())
  return picture
}

/** The colour of a PNG's upper left corner, such as `rgb(255,255,255)`. */
function cornerOf(png: Buffer): Promise<string> {
  return walk.page.evaluate(
    async (address) => {
      const picture = Object.assign(new Image(), { src: address })
      await picture.decode()
      const context = Object.assign(document.createElement('canvas'), { width: 9, height: 9 }).getContext('2d')
      context?.drawImage(picture, 0, 0)
      return `rgb(${context?.getImageData(4, 4, 1, 1).data.slice(0, 3).join()})`
    },
    `data:image/png;base64,${png.toString('base64')}`,
  )
}

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
