import type { TokenStore } from '@nightlatch/core'
import type { Clock } from '../clock.ts'

/** Options of `testTokenStore`: the store's limitations, and how to test it. */
export interface TokenStoreSuite {
  /** The test runner's `describe`; default: the global one. */
  readonly describe?: (name: string, body: () => void) => unknown
  /** The test runner's `it` or `test`; default: the global `it`. */
  readonly it?: (name: string, body: () => Promise<void>) => unknown
  /** Closes a handle after its check; default: handles stay open, for a function that returns the same store each time. */
  readonly close?: (store: TokenStore) => Promise<void> | void
  /** The store's clock, if it accepts one; checks then advance it instead of waiting. */
  readonly clock?: Clock
  /**
   * Lifetime in seconds of tokens and locks whose expiry is awaited; default 0.5. Expiry may be late by the same time. A store
   * that counts in whole seconds requires 3.
   */
  readonly shortLife?: number
  /** Whether the store supports `lock`; default true. */
  readonly lock?: boolean
  /**
   * Whether `delete` with a token compares and deletes atomically; default true. With `false`, a token set in between may be
   * lost, which costs one grant.
   */
  readonly atomicDelete?: boolean
}
