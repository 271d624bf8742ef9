/** Asks the search of the built site what people ask, and fails if too few queries have the right page first. */
import { join } from 'node:path'
import { indexedAddress } from '../.vitepress/search.ts'
import { queries } from './queries.ts'
import { openSearch } from './search-index.ts'

const fewestRight = 43

const search = await openSearch(join(import.meta.dirname, '../.vitepress/dist'))
const wrong = Object.entries(queries).flatMap(([query, pages]) => {
  const [first, ...others] = search(query)
  const isRight = pages.some((page) => first?.id.split('#')[0] === indexedAddress(page))
  const found = [first, ...others].slice(0, 4).map((one) => one?.id ?? 'nothing')
  return isRight ? [] : [`"${query}" finds ${found.join(', ')}, but not first ${pages.join(' or ')}`]
})
for (const line of wrong) process.stdout.write(`${line}\n`)
const right = Object.keys(queries).length - wrong.length
process.stdout.write(`The right page is first for ${right} of ${Object.keys(queries).length} queries.\n`)
if (right < fewestRight) process.exit(1)
