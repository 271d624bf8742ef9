/** What many rounds come to. */

/** Of a number of values: the middle one, and the two between which half of them lie; to four figures. */
export interface Spread {
  readonly median: number
  readonly lower: number
  readonly upper: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other)
  const at = (part: number): number => Number(quantile(sorted, part).toPrecision(4))
  return { median: at(0.5), lower: at(0.25), upper: at(0.75) }
}

/** Round by round, so that what slowed a whole round down cancels out. */
export function ratios(values: readonly number[], baseline: readonly number[]): readonly number[] {
  if (values.length !== baseline.length) throw new RangeError('Every round has a value and a baseline.')
  return values.map((value, round) => value / (baseline[round] ?? Number.NaN))
}

/** Between two values it is drawn straight. */
function quantile(sorted: readonly number[], part: number): number {
  if (sorted.length === 0) throw new RangeError('There is no value.')
  const place = (sorted.length - 1) * part
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}
