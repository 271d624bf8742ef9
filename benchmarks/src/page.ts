/** Writes the generated part of the benchmark's page. */
import { aims, aimsTable } from './aims.ts'
import type { Results } from './results.ts'
import { markdownTable, tableOf } from './table.ts'

const [opens, closes] = ['<!-- generated: begin -->', '<!-- generated: end -->']

const aimsIntroduction =
  'The numbers are those of Nightlatch in the tables below. If an aim was replaced, its row gives the reason.'

/**
 * Inserts the results between the two marks of a page.
 *
 * @throws Error if the page lacks the marks
 */
export function fillPage(page: string, results: Results): string {
  const [from, to] = [page.indexOf(opens), page.indexOf(closes)]
  if (from < 0 || to < from) throw new Error('The page has no marks for the results.')
  return `${page.slice(0, from)}${opens}\n\n${describe(results)}\n\n${page.slice(to)}`
}

function describe({ machine, versions, rows }: Results): string {
  const facts = [
    ['', ''],
    ...Object.entries(machine).map(([what, value]) => [what, String(value)]),
    ...Object.entries(versions).map(([name, version]) => [name.startsWith('@') ? `\`${name}\`` : name, version]),
  ]
  const sections = rows.map((row) =>
    [`### ${row.title}`, row.about, aims(row), row.missing ?? markdownTable(tableOf(row))]
      .filter((part) => part !== '')
      .join('\n\n'),
  )
  const table = markdownTable(aimsTable(rows))
  return [
    '## Aims',
    aimsIntroduction,
    table,
    '## Rows',
    ...sections,
    '### The machine of this run',
    markdownTable(facts),
  ].join('\n\n')
}
