/** The results of a run as they are stored. */
import type { Metric, Row } from './row.ts'
import type { Samples } from './run-row.ts'
import { ratios, type Spread, spread } from './statistics.ts'

export interface Measurement {
  readonly value: Spread
  /** Ratio to the baseline of the same round; absent for metrics without ratios. */
  readonly ratio?: Spread
}

interface PeerResult {
  readonly peer: string
  readonly rounds: number
  /** By metric key; empty if the peer does not support the row. */
  readonly measurements: Readonly<Record<string, Measurement>>
}

export interface RowResult {
  readonly name: string
  readonly title: string
  readonly about: string
  readonly baseline?: string
  readonly metrics: readonly Metric[]
  readonly peers: readonly PeerResult[]
  /** What the machine lacked, if the row was not measured. */
  readonly missing?: string
}

export interface Results {
  readonly machine: Readonly<Record<string, string | number>>
  /** Versions of all peers' packages. */
  readonly versions: Readonly<Record<string, string>>
  readonly rows: readonly RowResult[]
}

export function resultOf(row: Row, samples: Samples, missing?: string): RowResult {
  const { name, title, about, baseline, metrics } = row
  const ofBaseline = baseline === undefined ? undefined : samples.get(baseline)
  const peers = row.peers.map((peer): PeerResult => {
    const own = samples.get(peer) ?? []
    if (own.length === 0) return { peer, rounds: 0, measurements: {} }
    const measure = ({ key, hasRatio }: Metric): Measurement => {
      const values = valuesOf(own, key)
      if (hasRatio !== true || ofBaseline === undefined || ofBaseline.length === 0) return { value: spread(values) }
      return { value: spread(values), ratio: spread(ratios(values, valuesOf(ofBaseline, key))) }
    }
    const measured = metrics.filter(({ key }) => own.some((sample) => sample[key] !== undefined))
    return {
      peer,
      rounds: own.length,
      measurements: Object.fromEntries(measured.map((metric) => [metric.key, measure(metric)])),
    }
  })
  return {
    name,
    title,
    about,
    ...(baseline === undefined ? {} : { baseline }),
    metrics,
    peers,
    ...(missing === undefined ? {} : { missing }),
  }
}

function valuesOf(
  samples: Samples extends ReadonlyMap<string, infer List> ? List : never,
  key: string,
): readonly number[] {
  return samples.map((sample) => sample[key] ?? Number.NaN)
}
