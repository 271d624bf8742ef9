/** Writes the generated part of the page about the fleet. */
import { markdownTable } from '../table.ts'
import type { DayReport, FleetReport } from './days.ts'

const [opens, closes] = ['<!-- generated: begin -->', '<!-- generated: end -->']

/**
 * Inserts the results between the two marks of the page.
 *
 * @throws Error if the page lacks the marks
 */
export function fillFleetPage(page: string, report: FleetReport): string {
  const [from, to] = [page.indexOf(opens), page.indexOf(closes)]
  if (from < 0 || to < from) throw new Error('The page has no marks for the results.')
  return `${page.slice(0, from)}${opens}\n\n${describe(report)}\n\n${page.slice(to)}`
}

function describe({ days, repeated }: FleetReport): string {
  const head = ['', 'requests/s, mean', 'tokens', 'first hours', 'quiet', 'in the outage', 'after it', 'by chance']
  const tableFor = (bin: string, shown: readonly DayReport[]): string =>
    markdownTable([head, ...shown.map((day) => rowOf(day, bin))])
  const spread = Object.entries(repeated.single).map(([bin, values]) => [
    nameOf(bin),
    ...[values[0], values[Math.floor(values.length / 2)], values.at(-1), repeated.together[bin]].map((value) =>
      (value ?? Number.NaN).toFixed(2),
    ),
  ])
  const shared = days.filter(({ isShared }) => isShared)
  const alone = days.filter(({ isShared }) => !isShared)
  const count = Object.values(repeated.single)[0]?.length ?? 0
  return [
    '### Each process alone: the highest minute, in multiples of the mean',
    tableFor('60', alone),
    '### With a shared store: the highest quarter of an hour, in multiples of the mean',
    tableFor('900', shared),
    `### With a shared store and jitter, ${count} days: the highest after the outage, in multiples of the mean`,
    markdownTable([['', 'lowest of the days', 'middle', 'highest', 'all days together'], ...spread]),
  ].join('\n\n')
}

function rowOf({ title, mean, grants, highest, byChance }: DayReport, bin: string): readonly string[] {
  const parts = highest[bin]
  const show = (value: number | undefined): string => (value ?? Number.NaN).toFixed(2)
  return [
    title,
    mean >= 10 ? mean.toFixed(0) : mean.toFixed(2),
    grants.toLocaleString('en'),
    ...[parts?.firstHours, parts?.quiet, parts?.outage, parts?.after, byChance[bin]].map(show),
  ]
}

function nameOf(bin: string): string {
  const minutes = Number(bin) / 60
  return minutes === 1 ? 'a minute' : `${minutes} minutes`
}
