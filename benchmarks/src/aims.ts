/** What a row aims at, in words, and whether the run got there. */
import type { RowResult } from './results.ts'
import { formatNumber } from './table.ts'

interface Aim {
  readonly words: string
  /** `undefined` where there is nothing of ours in the row. */
  readonly isMet: boolean | undefined
}

/** Ours, in the order of preference: a row about the interceptor has both. */
const ours = ['nightlatch on undici', 'nightlatch']

function aimsOf({ metrics, peers, baseline }: RowResult): readonly Aim[] {
  const own = ours.map((name) => peers.find(({ peer }) => peer === name)).find((peer) => peer !== undefined)
  return metrics.flatMap(({ key, title, unit, target, ratioTarget }): readonly Aim[] => {
    const measured = own?.measurements[key]
    const isMet = (value: number | undefined, most: number): boolean | undefined =>
      value === undefined ? undefined : value <= most
    const inUnit = (most: number): string => `${formatNumber(most)}${unit === '' ? '' : ` ${unit}`}`
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
  const said = aimsOf(row).map(
    ({ words, isMet }) => `${words} (${isMet === undefined ? 'not measured' : isMet ? 'met' : 'missed'})`,
  )
  return said.length === 0 ? '' : `Aim: ${said.join('; ')}.`
}
