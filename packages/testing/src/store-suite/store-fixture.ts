import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoredToken, TokenStore } from '@nightlatch/core'
import { expectThat } from '../provider-suite/check.ts'
import { jsonDifference } from './json-difference.ts'
import type { TokenStoreSuite } from './token-store-suite.ts'

/** A store, for one check. */
export interface StoreFixture {
  readonly store: TokenStore
  /** Another handle on the same store, as another process has one. */
  another(): Promise<TokenStore>
  /** A key that nobody else uses, as the core makes them. */
  newKey(): string
  /** A token that lives for so many seconds; default an hour. */
  token(fields?: Readonly<Record<string, unknown>>, seconds?: number): StoredToken
  /** Seconds of a life whose end is waited for. */
  readonly shortLife: number
  /** Whether an instant has come, by the store's clock. */
  isOver(instant: number): boolean
  now(): number
  /** Lets time pass, in seconds. */
  pass(seconds: number): Promise<void>
  /**
   * Fails unless something holds within another short life: stores may count coarsely. The last look begins after it, however
   * long a busy machine took for those before.
   */
  expectSoon(holds: () => Promise<boolean>, otherwise: string): Promise<void>
}

/** Makes a fixture, lets it be used, and clears it away. */
export type RunWithStoreFixture = (use: (fixture: StoreFixture) => Promise<void>) => Promise<void>

/** @param timeoutSeconds seconds after which an operation counts as hung */
export function createStoreFixtureRunner(
  open: () => TokenStore | Promise<TokenStore>,
  suite: TokenStoreSuite,
  timeoutSeconds: number,
): RunWithStoreFixture {
  const { close, clock, shortLife = 0.5 } = suite
  const now = clock?.now ?? Date.now
  return async (use) => {
    const opened: TokenStore[] = []
    const keys = new Set<string>()
    const openOne = async (): Promise<TokenStore> => {
      const store = await open()
      opened.push(store)
      return watch(store, timeoutSeconds)
    }
    const pass = async (seconds: number): Promise<void> => {
      if (clock === undefined) await sleep(seconds * 1000)
      else clock.advance(seconds)
    }
    try {
      const store = await openOne()
      await use({
        store,
        another: openOne,
        newKey() {
          const key = `v1.${createHash('sha256').update(randomUUID()).digest('base64url')}`
          keys.add(key)
          return key
        },
        token: (fields = {}, seconds = 3600) => ({ expiresAt: Math.round(now() + seconds * 1000), ...fields }),
        shortLife,
        isOver: (instant) => now() >= instant,
        now,
        pass,
        async expectSoon(holds, otherwise) {
          const end = now() + shortLife * 1000
          for (;;) {
            const isLast = now() >= end
            if (await holds()) return
            expectThat(!isLast, otherwise)
            await pass(shortLife / 10)
          }
        },
      })
    } finally {
      // What a check leaves in somebody's store would be found there later.
      const [first] = opened
      if (first !== undefined) await Promise.allSettled([...keys].map(async (key) => first.delete(key)))
      for (const store of opened.toReversed()) await close?.(store)
    }
  }
}

/** The same store, where an operation that hangs fails the check. */
function watch(store: TokenStore, timeoutSeconds: number): TokenStore {
  const answerOf = async <T>(operation: string, answer: Promise<T>): Promise<T> => {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const hung = (): void => reject(new Error(`${operation} should answer within ${timeoutSeconds} s`))
    const timer = setTimeout(hung, timeoutSeconds * 1000)
    try {
      return await Promise.race([answer, late])
    } finally {
      clearTimeout(timer)
    }
  }
  const watched: TokenStore = {
    get: (key) => answerOf('get', store.get(key)),
    set: (key, token) => answerOf('set', store.set(key, token)),
    delete: (...parameters) => answerOf('delete', store.delete(...parameters)),
  }
  // Called on the store itself, which may need its `this`.
  const { lock } = store
  if (lock === undefined) return watched
  return {
    ...watched,
    async lock(key, options) {
      const held = await answerOf('lock', lock.call(store, key, options))
      return held && { release: () => answerOf('release', held.release()) }
    },
  }
}

/** Fails a check unless a store answers with this very token. */
export async function expectStored(store: TokenStore, key: string, wanted: StoredToken, what: string): Promise<void> {
  const stored = await store.get(key)
  expectThat(stored !== undefined, `${what}: the token should be there, and is not`)
  const difference = jsonDifference(stored, wanted, 'the token')
  expectThat(difference === undefined, `${what}: ${difference}`)
}

/** Fails a check unless a store answers with nothing. */
export async function expectNothing(store: TokenStore, key: string, what: string): Promise<void> {
  const stored = await store.get(key)
  const found = stored === null ? 'null, and not undefined' : 'something'
  expectThat(stored === undefined, `${what}: nothing should be there, and get answers with ${found}`)
}
