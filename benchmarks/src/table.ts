/** Formats a row's results as a table with a line for each peer. */
import type { Measurement, RowResult } from './results.ts'
import type { Metric } from './row.ts'

/** The first line is the header. */
export type Table = readonly (readonly string[])[]

/** The cell of an unsupported measurement. */
const unsupported = '-'

export function tableOf({ metrics, peers, baseline }: RowResult): Table {
  const head = metrics.flatMap(({ title, unit, hasRatio }) => [
    unit === '' ? title : `${title}, ${unit}`,
    ...(hasRatio === true ? [`over ${baseline}`] : []),
  ])
  const lines = peers.map(({ peer, measurements }) => [
    peer,
    ...metrics.flatMap((metric) => cells(metric, measurements[metric.key])),
  ])
  return [['', ...head], ...lines]
}

function cells({ hasRatio }: Metric, measurement: Measurement | undefined): readonly string[] {
  if (measurement === undefined) return hasRatio === true ? [unsupported, unsupported] : [unsupported]
  const { value, ratio } = measurement
  const of = (spread: typeof value): string => {
    const [median, lower, upper] = [spread.median, spread.lower, spread.upper].map(formatNumber)
    return lower === upper ? `${median}` : `${median} (${lower}–${upper})`
  }
  return hasRatio === true
    ? [of(value), ratio === undefined ? unsupported : `${formatNumber(ratio.median)}`]
    : [of(value)]
}

/** Formats a number with up to three significant figures, or rounded to an integer from 100. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(decimalsOf(value))
}

/** Rounds a number to the one that `formatNumber` shows. */
export function roundNumber(value: number): number {
  return Number(value.toFixed(decimalsOf(value)))
}

function decimalsOf(value: number): number {
  const size = Math.abs(value)
  return size >= 100 ? 0 : size >= 10 ? 1 : 2
}

/** Formats a table for a terminal. */
export function printTable(table: Table): string {
  return pad(table)
    .map((line) => line.join('  ').trimEnd())
    .join('\n')
}

export function markdownTable(table: Table): string {
  const [head = [], ...lines] = pad(table)
  const rule = head.map((cell, column) => (column === 0 ? '-'.repeat(cell.length) : `${'-'.repeat(cell.length - 1)}:`))
  return [head, rule, ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n')
}

/** Aligns the first column left and numbers right. */
function pad(table: Table): Table {
  const widths = (table[0] ?? []).map((_, column) => Math.max(3, ...table.map((line) => line[column]?.length ?? 0)))
  return table.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))),
  )
}
