/** The types of the benchmark's rows. */
import type { Peer, Settings } from './peer.ts'
import type { ServerControl } from './server-control.ts'

/** The measurements of one round, by metric key. */
export type Sample = Readonly<Record<string, number>>

export interface Metric {
  readonly key: string
  readonly title: string
  readonly unit: 'ns' | 'µs' | 'ms' | 'bytes' | 'kB' | ''
  /** Whether the ratio to the baseline of the same round is also reported. */
  readonly hasRatio?: boolean
  /** Maximum of the value to meet the target; `ratioTarget` is that of the ratio. */
  readonly target?: number
  readonly ratioTarget?: number
  /** The first target, if the present one replaced it or there is none any more, and the reason as a sentence. */
  readonly replaced?: { readonly kind: 'value' | 'ratio'; readonly target: number; readonly reason: string }
}

interface RowFacts {
  readonly name: string
  readonly title: string
  /** Description in Markdown. */
  readonly about: string
  /** The peer that others are compared with; `undefined` for no comparison. */
  readonly baseline: string | undefined
  readonly peers: readonly string[]
  readonly metrics: readonly Metric[]
  /** Number of measurements of each peer. */
  readonly rounds: { readonly full: number; readonly quick: number }
}

/** A row measured in a process of each peer, which stays for many rounds. */
export interface ProcessRow extends RowFacts {
  readonly kind: 'process'
  /**
   * Number of processes of each peer, one after the other; they share the rounds. Two processes with the same code differ by a few
   * percent for as long as they run, so a ratio near 1 requires several. Default 1.
   */
  readonly processes?: number
  /** Number of peers that run at the same time, each with a server of its own; default 1. For rows that mostly wait. */
  readonly peersAtOnce?: number
  /** Prepares and warms up a measurement; `undefined` if the peer does not support it. */
  readonly prepare: (peer: Peer, context: PeerContext) => Promise<(() => Promise<Sample>) | undefined>
}

/** A row measured from outside, with a new process or bundle each time. */
export interface OutsideRow extends RowFacts {
  readonly kind: 'outside'
  /** Says what the machine lacks for the row; `undefined` if it has everything. */
  readonly missing?: () => string | undefined
  readonly measure: (peer: string, context: RunContext) => Promise<Sample | undefined>
}

export type Row = ProcessRow | OutsideRow

/** The context of a measurement in a peer's process. */
export interface PeerContext {
  readonly server: ServerControl
  /** Settings of a client of the server. */
  readonly settings: Settings
  /** Whether the run only checks that everything works; its numbers are meaningless. */
  readonly isQuick: boolean
}

/** The context of a measurement from outside. */
export interface RunContext {
  readonly server: ServerControl
  readonly isQuick: boolean
  /** Node options of every process. */
  readonly nodeOptions: readonly string[]
}
