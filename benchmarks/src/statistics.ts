/** Statistics of many rounds. */

/** Median and quartiles, rounded to four significant figures. */
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

/** Ratios within each round, so that a slow round cancels out. */
export function ratios(values: readonly number[], baseline: readonly number[]): readonly number[] {
  if (values.length !== baseline.length) throw new RangeError('Every round must have a value and a baseline.')
  return values.map((value, round) => value / (baseline[round] ?? Number.NaN))
}

/** Interpolates linearly between two values. */
function quantile(sorted: readonly number[], part: number): number {
  if (sorted.length === 0) throw new RangeError('A quantile requires at least one value.')
  const place = (sorted.length - 1) * part
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}
