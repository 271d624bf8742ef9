/** Opens the built site in a browser for a test file, and collects what goes wrong in it. */
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import { type FolderServer, serveFolder } from './serve-folder.ts'

export interface Walk {
  /** The page of the running test. */
  readonly page: Page
  /** What went wrong in the browser during the test. */
  readonly complaints: string[]
  /** Opens a page and waits until its scripts have taken it over. */
  open(address: string): Promise<void>
}

/** Starts the server and the browser before the tests of a file, and opens a page for each test. */
export function walkSite(): Walk {
  let server: FolderServer
  let browser: Browser
  let page: Page
  let complaints: string[] = []

  vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

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
    page = await browser.newPage({
      colorScheme: 'light',
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
    })
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

  return {
    get page() {
      return page
    },
    get complaints() {
      return complaints
    },
    async open(address) {
      await page.goto(`${server.origin}${address}`, { waitUntil: 'load' })
      await page.waitForFunction(() => '__vue_app__' in (document.querySelector('#app') ?? {}))
    },
  }
}
