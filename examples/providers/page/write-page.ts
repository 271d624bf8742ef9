/** Writes docs/real-endpoints.md: between its markers stands what `documented.ts` and `src` say. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { renderPage } from './render-page.ts'

const page = fileURLToPath(new URL('../../../docs/real-endpoints.md', import.meta.url))
writeFileSync(page, renderPage(readFileSync(page, 'utf8')))
