/** The verdicts as Markdown, laid out as the formatter lays out tables. */
import { gapOf, type KnownGap, type Verdict } from './verdict.ts'

const WORKS = '✓'
const NOTHING = '—'

/** A row for each runtime, a column for each package. */
export function packageTable(verdicts: readonly Verdict[], gaps: readonly KnownGap[]): string {
  const packages = unique(verdicts.map((verdict) => verdict.package))
  const rows = unique(verdicts.map(({ runtime }) => runtime)).map((runtime) => [
    runtime,
    ...packages.map((name) => {
      const verdict = verdicts.find((one) => one.runtime === runtime && one.package === name)
      return verdict === undefined ? NOTHING : cellOf(verdict, gaps)
    }),
  ])
  return layOut([['', ...packages.map((name) => `\`${name}\``)], ...rows])
}

function cellOf(verdict: Verdict, gaps: readonly KnownGap[]): string {
  if (verdict.untried !== undefined) return verdict.untried
  const reasons = verdict.results
    .filter(({ problem }) => problem !== undefined)
    .map(({ name }) => gapOf(gaps, verdict, name)?.why ?? `✗ ${name}`)
  return reasons.length === 0 ? WORKS : unique(reasons).join('; ')
}

/** A row for each check of each package, a column for each runtime. */
export function checkTable(verdicts: readonly Verdict[]): string {
  const runtimes = unique(verdicts.map(({ runtime }) => runtime))
  const rows = unique(verdicts.map((verdict) => verdict.package)).flatMap((name) => {
    const ofPackage = verdicts.filter((verdict) => verdict.package === name)
    const checks = unique(ofPackage.flatMap(({ results }) => results.map((result) => result.name)))
    return checks.map((check, index) => [
      index === 0 ? `\`${name}\`` : '',
      check,
      ...runtimes.map((runtime) => {
        const verdict = ofPackage.find((one) => one.runtime === runtime)
        const result = verdict?.results.find((one) => one.name === check)
        if (result === undefined) return NOTHING
        return result.problem === undefined ? WORKS : '✗'
      }),
    ])
  })
  return layOut([['', '', ...runtimes], ...rows])
}

function layOut(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(3, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const lines = rows.map((row) => `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`)
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

const marks = (name: string): readonly [string, string] => [`<!-- runtimes: ${name} -->`, `<!-- /runtimes: ${name} -->`]

/** A document with a table put between its two marks; nothing else is touched. Throws where the marks are not there. */
export function putTable(document: string, name: string, table: string): string {
  const [opening, closing] = marks(name)
  const [before, rest, ...more] = document.split(opening)
  const [, after, ...others] = (rest ?? '').split(closing)
  if (before === undefined || after === undefined || more.length > 0 || others.length > 0) {
    throw new Error(`the document does not have ${opening} and ${closing} once each`)
  }
  return `${before}${opening}\n\n${table}\n\n${closing}${after}`
}

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)]
