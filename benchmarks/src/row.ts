/** What a row of the benchmark is. */
import type { Peer, Settings } from './peer.ts'
import type { ServerControl } from './server-control.ts'

/** Numbers of one round, by the key of their metric. */
export type Sample = Readonly<Record<string, number>>

export interface Metric {
  readonly key: string
  readonly title: string
  readonly unit: 'ns' | 'µs' | 'ms' | 'bytes' | 'kB' | ''
  /** Whether it is also told as a ratio to the baseline's, round by round. */
  readonly hasRatio?: boolean
  /** The most that is aimed at, of the value or of the ratio. */
  readonly target?: number
  readonly ratioTarget?: number
}

interface RowFacts {
  readonly name: string
  readonly title: string
  /** What it does, and what to know when reading it; Markdown. */
  readonly about: string
  /** The peer that the others are measured against; `undefined`: each against itself. */
  readonly baseline: string | undefined
  readonly peers: readonly string[]
  readonly metrics: readonly Metric[]
  /** How often each peer has its turn. */
  readonly rounds: { readonly full: number; readonly quick: number }
}

/** Measured in a process of the peer's own, which lives as long as the row. */
export interface ProcessRow extends RowFacts {
  readonly kind: 'process'
  /** Opens what is measured and warms it up; `undefined` where the peer has no such thing. */
  readonly prepare: (peer: Peer, bench: Bench) => Promise<(() => Promise<Sample>) | undefined>
}

/** Measured from outside: what is started, or weighed, is new each time. */
export interface OutsideRow extends RowFacts {
  readonly kind: 'outside'
  readonly measure: (peer: string, surroundings: Surroundings) => Promise<Sample | undefined>
}

export type Row = ProcessRow | OutsideRow

/** What a row finds in a peer's process. */
export interface Bench {
  readonly server: ServerControl
  /** For a client of the server's. */
  readonly settings: Settings
  /** A short form, to see that everything works: its numbers mean nothing. */
  readonly isQuick: boolean
}

/** What a row finds outside. */
export interface Surroundings {
  readonly server: ServerControl
  readonly isQuick: boolean
  /** Options for Node that every process gets. */
  readonly nodeOptions: readonly string[]
}
