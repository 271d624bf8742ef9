/** Checks the links of the built site: files, anchors, and the form of what leads elsewhere. Nothing is fetched. */
import { join } from 'node:path'
import { checkSite } from './site-links.ts'

const { pages, problems } = checkSite(join(import.meta.dirname, '../.vitepress/dist'))
for (const problem of problems) process.stderr.write(`${problem}\n`)
if (problems.length > 0 || pages === 0) {
  process.stderr.write(`${problems.length} problems in ${pages} pages\n`)
  process.exit(1)
}
process.stdout.write(`The links of ${pages} pages lead somewhere.\n`)
