/** Draws `public/social-card.png` from the SVG beside it, since previews show no SVG. The browser is named by `CHROMIUM`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const folder = join(import.meta.dirname, '../public')
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
})
const page = await browser.newPage({ viewport: { width: 1200, height: 630 } })
await page.setContent(`<body style="margin:0">${readFileSync(join(folder, 'social-card.svg'), 'utf8')}`)
await page.screenshot({ path: join(folder, 'social-card.png') })
await browser.close()
