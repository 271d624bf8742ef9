/** Formats each row's aims, the run's numbers beside them, and why an aim was replaced. */
import type { RowResult } from './results.ts'
import type { Metric } from './row.ts'
import { formatNumber, roundNumber, type Table } from './table.ts'

interface Aim {
  readonly title: string
  /** Limit with its unit or its baseline; `undefined` if only a former aim is left. */
  readonly limit: string | undefined
  readonly now: string | undefined
  /** `undefined` if Nightlatch is not in the row. */
  readonly isMet: boolean | undefined
  /** The former limit with its unit or its baseline, and why it was replaced. */
  readonly replaced: { readonly limit: string; readonly reason: string } | undefined
}

/** Nightlatch's entries by preference, because a row about the interceptor has both. */
const ours = ['nightlatch on undici', 'nightlatch']

function aimsOf({ metrics, peers, baseline }: RowResult): readonly Aim[] {
  const own = ours.map((name) => peers.find(({ peer }) => peer === name)).find((peer) => peer !== undefined)
  return metrics.flatMap((metric): readonly Aim[] => {
    const { key, title, unit, target, ratioTarget, replaced } = metric
    const measured = own?.measurements[key]
    const inUnit = (limit: number): string => `${formatNumber(limit)}${unit === '' ? '' : ` ${unit}`}`
    const ofBaseline = (limit: number): string => `${formatNumber(limit)} of ${baseline}`
    const first = replaced && {
      limit: isOfBaseline(metric) ? ofBaseline(replaced.target) : inUnit(replaced.target),
      reason: replaced.reason,
    }
    const aim = (limit: number, format: (value: number) => string, value: number | undefined): Aim => ({
      title,
      limit: format(limit),
      now: value === undefined ? undefined : formatNumber(value),
      // A reader compares the number that the page shows.
      isMet: value === undefined ? undefined : roundNumber(value) <= limit,
      replaced: first,
    })
    const found = [
      ...(target === undefined ? [] : [aim(target, inUnit, measured?.value.median)]),
      ...(ratioTarget === undefined ? [] : [aim(ratioTarget, ofBaseline, measured?.ratio?.median)]),
    ]
    return found.length > 0 || first === undefined
      ? found
      : [{ ...aim(Number.NaN, inUnit, measured?.value.median), limit: undefined, isMet: undefined }]
  })
}

/** Whether the former aim was a ratio. */
function isOfBaseline({ replaced, hasRatio }: Metric): boolean {
  return hasRatio === true && replaced?.kind === 'ratio'
}

const verdict = ({ isMet }: Aim): string => (isMet === undefined ? 'not measured' : isMet ? 'met' : 'missed')

/** Describes the aims of a row in sentences; empty if it has none. */
export function aims(row: RowResult): string {
  const all = aimsOf(row)
  const present = all.flatMap((aim) =>
    aim.limit === undefined ? [] : [`${aim.title} at most ${aim.limit} (${verdict(aim)})`],
  )
  const former = all.flatMap(({ title, replaced }) =>
    replaced === undefined
      ? []
      : [`The first aim, ${title} at most ${replaced.limit}, was replaced: ${replaced.reason}`],
  )
  return [...(present.length === 0 ? [] : [`Aim: ${present.join('; ')}.`]), ...former].join(' ')
}

/** Lists the aims of all rows. */
export function aimsTable(rows: readonly RowResult[]): Table {
  return [
    ['row', 'aim at most', 'first aim', 'now', ''],
    ...rows.flatMap((row) =>
      aimsOf(row).map((aim) => [
        `${row.title}: ${aim.title}`,
        aim.limit ?? '-',
        aim.replaced?.limit ?? '',
        aim.now ?? '-',
        aim.limit === undefined ? 'replaced' : verdict(aim),
      ]),
    ),
  ]
}
