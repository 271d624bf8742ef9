import type { StoredToken, StoreLock } from '@nightlatch/core'
import { type Check, expectThat } from '../provider-suite/check.ts'
import { jsonDifference } from './json-difference.ts'
import type { RunWithStoreFixture, StoreFixture } from './store-fixture.ts'

const seeds = [1, 2, 3]
const stepsPerSequence = 150

/** @param hasLock whether the operations include locks */
export function modelChecks(runWithFixture: RunWithStoreFixture, hasLock: boolean): readonly Check[] {
  return seeds.map((seed) => ({
    group: 'sequences of operations',
    name: `behaves like a Map (sequence ${seed})`,
    run: () => runWithFixture((fixture) => compare(fixture, seed, hasLock)),
  }))
}

/** Applies the same operations to a store, through two handles, and to a Map, and compares them after each. */
async function compare(fixture: StoreFixture, seed: number, hasLock: boolean): Promise<void> {
  const handles = [fixture.store, await fixture.another()]
  const keys = [fixture.newKey(), fixture.newKey(), fixture.newKey()]
  const tokens = [
    fixture.token({ value: 'a' }),
    fixture.token({ value: 'b', extra: { list: [] } }),
    fixture.token({}, 90),
  ]
  const expired = fixture.token({ value: 'a' }, -60)
  const stored = new Map<string, StoredToken>()
  const locks = new Map<string, StoreLock>()
  const random = generate(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T

  try {
    for (let step = 1; step <= stepsPerSequence; step += 1) {
      const store = pick(handles)
      const key = pick(keys)
      const token = pick(tokens)
      const operations: Readonly<Record<string, () => Promise<void>>> = {
        async set() {
          await store.set(key, token)
          stored.set(key, token)
        },
        async 'set with an expired token'() {
          await store.set(key, expired)
          stored.delete(key)
        },
        async delete() {
          await store.delete(key)
          stored.delete(key)
        },
        async 'delete with a token'() {
          await store.delete(key, structuredClone(token))
          if (stored.get(key) === token) stored.delete(key)
        },
        ...(hasLock
          ? {
              async lock() {
                const lock = await store.lock?.(key, { ttl: 60 })
                const isHeld = locks.has(key)
                if (lock !== undefined) locks.set(key, lock)
                const mistake = isHeld ? 'a held lock is granted' : 'a free lock is not granted'
                expectThat((lock === undefined) === isHeld, `${place}: ${mistake}`)
              },
              async release() {
                await locks.get(key)?.release()
                locks.delete(key)
              },
            }
          : {}),
      }
      const name = pick(Object.keys(operations))
      const place = `sequence ${seed}, step ${step} (${name})`
      await operations[name]?.()
      const reader = pick(handles)
      const difference = jsonDifference(await reader.get(key), stored.get(key), 'the result of get')
      expectThat(difference === undefined, `${place}: ${difference}`)
    }
  } finally {
    await Promise.allSettled([...locks.values()].map((lock) => lock.release()))
  }
}

/** A reproducible random generator (mulberry32). */
function generate(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
