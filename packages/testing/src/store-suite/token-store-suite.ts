import type { TokenStore } from '@nightlatch/core'
import type { Clock } from '../clock.ts'

/** What a store cannot do, and how its checks go about it. */
export interface TokenStoreSuite {
  /** The test runner's `describe`; default: the global one. */
  readonly describe?: (name: string, body: () => void) => unknown
  /** The test runner's `it` or `test`; default: the global `it`. */
  readonly it?: (name: string, body: () => Promise<void>) => unknown
  /** Ends a store that the function made, after the check that it was made for. Left out where the function hands out one store again and again. */
  readonly close?: (store: TokenStore) => Promise<void> | void
  /** The clock that the store goes by, where it takes one: time is then moved, and not waited for. */
  readonly clock?: Clock
  /**
   * Seconds of the lives of tokens and locks whose end is waited for; default 0.5. A store may be as late again. A store that
   * counts in whole seconds needs 3.
   */
  readonly shortLife?: number
  /** Whether the store has a `lock`; default true. */
  readonly lock?: boolean
  /**
   * Whether `delete` with a token looks and deletes in one step; default true. `false` for a store that cannot: a token set in
   * between is then lost, which costs a grant.
   */
  readonly atomicDelete?: boolean
}
