/** Formats a row's targets and whether the run met them. */
import type { RowResult } from './results.ts'
import { formatNumber } from './table.ts'

interface Aim {
  readonly words: string
  /** `undefined` if Nightlatch is not in the row. */
  readonly isMet: boolean | undefined
}

/** Nightlatch's entries by preference, because a row about the interceptor has both. */
const ours = ['nightlatch on undici', 'nightlatch']

function aimsOf({ metrics, peers, baseline }: RowResult): readonly Aim[] {
  const own = ours.map((name) => peers.find(({ peer }) => peer === name)).find((peer) => peer !== undefined)
  return metrics.flatMap(({ key, title, unit, target, ratioTarget }): readonly Aim[] => {
    const measured = own?.measurements[key]
    const isMet = (value: number | undefined, limit: number): boolean | undefined =>
      value === undefined ? undefined : value <= limit
    const inUnit = (limit: number): string => `${formatNumber(limit)}${unit === '' ? '' : ` ${unit}`}`
    return [
      ...(target === undefined
        ? []
        : [{ words: `${title} at most ${inUnit(target)}`, isMet: isMet(measured?.value.median, target) }]),
      ...(ratioTarget === undefined
        ? []
        : [
            {
              words: `${title} at most ${formatNumber(ratioTarget)} of ${baseline}`,
              isMet: isMet(measured?.ratio?.median, ratioTarget),
            },
          ]),
    ]
  })
}

export function aims(row: RowResult): string {
  const sentences = aimsOf(row).map(
    ({ words, isMet }) => `${words} (${isMet === undefined ? 'not measured' : isMet ? 'met' : 'missed'})`,
  )
  return sentences.length === 0 ? '' : `Aim: ${sentences.join('; ')}.`
}
