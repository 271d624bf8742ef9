import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoredToken, TokenStore } from '@nightlatch/core'
import { expectThat } from '../provider-suite/check.ts'
import { jsonDifference } from './json-difference.ts'
import type { TokenStoreSuite } from './token-store-suite.ts'

/** A store for one check. */
export interface StoreFixture {
  readonly store: TokenStore
  /** Opens another handle on the same store, as another process would. */
  another(): Promise<TokenStore>
  /** Creates a unique key in the core's format. */
  newKey(): string
  /** Creates a token that expires in `seconds`; default 3600. */
  token(fields?: Readonly<Record<string, unknown>>, seconds?: number): StoredToken
  /** Lifetime in seconds of tokens and locks whose expiry is awaited. */
  readonly shortLife: number
  /** Whether an instant has passed, by the store's clock. */
  isOver(instant: number): boolean
  now(): number
  /** Lets time pass, in seconds. */
  pass(seconds: number): Promise<void>
  /**
   * Fails unless a condition holds within another `shortLife`, because a store's expiry may be coarse. The last poll starts
   * after that time, however slow the machine is.
   */
  expectSoon(holds: () => Promise<boolean>, message: string): Promise<void>
}

/** Creates a fixture, passes it to a check, and cleans up. */
export type RunWithStoreFixture = (use: (fixture: StoreFixture) => Promise<void>) => Promise<void>

/** @param timeoutSeconds time after which an operation fails its check */
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
      return withTimeout(store, timeoutSeconds)
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
        async expectSoon(holds, message) {
          const end = now() + shortLife * 1000
          for (;;) {
            const isLast = now() >= end
            if (await holds()) return
            expectThat(!isLast, message)
            await pass(shortLife / 10)
          }
        },
      })
    } finally {
      // The store may be in use, so nothing of a check remains in it.
      const [first] = opened
      if (first !== undefined) await Promise.allSettled([...keys].map(async (key) => first.delete(key)))
      for (const store of opened.toReversed()) await close?.(store)
    }
  }
}

/** Wraps a store so that an operation that hangs fails the check. */
function withTimeout(store: TokenStore, timeoutSeconds: number): TokenStore {
  const answerOf = async <T>(operation: string, answer: Promise<T>): Promise<T> => {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const hung = (): void => reject(new Error(`${operation} should settle within ${timeoutSeconds} s`))
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
  // Called on the store, because the method may use `this`.
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

/** Fails a check unless the store returns exactly this token. */
export async function expectStored(store: TokenStore, key: string, wanted: StoredToken, what: string): Promise<void> {
  const stored = await store.get(key)
  expectThat(stored !== undefined, `${what}: the token should be stored, but is not`)
  const difference = jsonDifference(stored, wanted, 'the token')
  expectThat(difference === undefined, `${what}: ${difference}`)
}

/** Fails a check unless the store returns `undefined`. */
export async function expectNothing(store: TokenStore, key: string, what: string): Promise<void> {
  const stored = await store.get(key)
  const found = stored === null ? 'null' : 'an entry'
  expectThat(stored === undefined, `${what}: get should return undefined, but returns ${found}`)
}
