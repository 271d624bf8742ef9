/** Checks the built site: its links (files, anchors, the form of what leads elsewhere) and its descriptions. Nothing is fetched. */
import { join } from 'node:path'
import { judgeDescriptions } from './page-descriptions.ts'
import { checkSite } from './site-links.ts'

const folder = join(import.meta.dirname, '../.vitepress/dist')
const { pages, problems: broken } = checkSite(folder)
const problems = [...broken, ...judgeDescriptions(folder)]
for (const problem of problems) process.stderr.write(`${problem}\n`)
if (problems.length > 0 || pages === 0) {
  process.stderr.write(`${problems.length} problems in ${pages} pages\n`)
  process.exit(1)
}
process.stdout.write(`The links of ${pages} pages lead somewhere, and no two have the same description.\n`)
