/** Formats results as Markdown tables, padded like the formatter's. */
import { type KnownFailure, knownFailureOf, type PackageResult } from './known-failures.ts'

const WORKS = '✓'
const NOTHING = '—'

/** A table with a row for each runtime and a column for each package. */
export function packageTable(packageResults: readonly PackageResult[], known: readonly KnownFailure[]): string {
  const packages = unique(packageResults.map((packageResult) => packageResult.package))
  const rows = unique(packageResults.map(({ runtime }) => runtime)).map((runtime) => [
    runtime,
    ...packages.map((name) => {
      const packageResult = packageResults.find((one) => one.runtime === runtime && one.package === name)
      return packageResult === undefined ? NOTHING : cellOf(packageResult, known)
    }),
  ])
  return formatTable([['', ...packages.map((name) => `\`${name}\``)], ...rows])
}

function cellOf(packageResult: PackageResult, known: readonly KnownFailure[]): string {
  if (packageResult.skipped !== undefined) return packageResult.skipped
  const reasons = packageResult.results
    .filter(({ problem }) => problem !== undefined)
    .map(({ name }) => knownFailureOf(known, packageResult, name)?.why ?? `✗ ${name}`)
  return reasons.length === 0 ? WORKS : unique(reasons).join('; ')
}

/** A table with a row for each check and a column for each runtime. */
export function checkTable(packageResults: readonly PackageResult[]): string {
  const runtimes = unique(packageResults.map(({ runtime }) => runtime))
  const rows = unique(packageResults.map((packageResult) => packageResult.package)).flatMap((name) => {
    const ofPackage = packageResults.filter((packageResult) => packageResult.package === name)
    const checks = unique(ofPackage.flatMap(({ results }) => results.map((result) => result.name)))
    return checks.map((check, index) => [
      index === 0 ? `\`${name}\`` : '',
      check,
      ...runtimes.map((runtime) => {
        const packageResult = ofPackage.find((one) => one.runtime === runtime)
        const result = packageResult?.results.find((one) => one.name === check)
        if (result === undefined) return NOTHING
        return result.problem === undefined ? WORKS : '✗'
      }),
    ])
  })
  return formatTable([['', '', ...runtimes], ...rows])
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(3, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const lines = rows.map((row) => `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`)
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

const marks = (name: string): readonly [string, string] => [`<!-- runtimes: ${name} -->`, `<!-- /runtimes: ${name} -->`]

/** Replaces the table between two marks of a document; throws unless each mark occurs once. */
export function putTable(document: string, name: string, table: string): string {
  const [opening, closing] = marks(name)
  const [before, rest, ...more] = document.split(opening)
  const [, after, ...others] = (rest ?? '').split(closing)
  if (before === undefined || after === undefined || more.length > 0 || others.length > 0) {
    throw new Error(`the document must contain ${opening} and ${closing} once each`)
  }
  return `${before}${opening}\n\n${table}\n\n${closing}${after}`
}

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)]
