import type { StoreLock, TokenStore } from '@nightlatch/core'
import { type Check, expectThat } from '../provider-suite/check.ts'
import { expectNothing, expectStored, type StoreBench, type StoreStand } from './store-bench.ts'

/** Seconds of a lock that is not to end by itself. */
const ttl = 60

/** @param hasLock whether the store is said to have one */
export function lockChecks(bench: StoreBench, hasLock: boolean): readonly Check[] {
  const check = (name: string, use: (stand: StoreStand) => Promise<void>): Check => ({
    group: 'its lock',
    name,
    run: () => bench(use),
  })
  if (!hasLock) {
    return [
      check('is none', async ({ store }) => {
        expectThat(store.lock === undefined, 'the store has a lock: leave out `lock: false`, and it is tested')
      }),
    ]
  }
  return [
    check('is held by one at a time', async (stand) => {
      const other = await stand.another()
      const key = stand.newKey()
      const lock = await hold(stand.store, key)
      try {
        await expectHeld(stand.store, key, 'while it is held')
        await expectHeld(other, key, 'while another handle holds it')
      } finally {
        await lock.release()
      }
    }),
    check('goes to one of many that ask at once', async (stand) => {
      const handles = [stand.store, await stand.another()]
      const key = stand.newKey()
      const asked = Array.from({ length: 20 }, (_, at) => lockOf(handles[at % 2] ?? stand.store, key))
      const held = (await Promise.all(asked)).filter((lock) => lock !== undefined)
      await Promise.all(held.map((lock) => lock.release()))
      expectThat(held.length === 1, `one of ${asked.length} should get the lock, and ${held.length} got it`)
    }),
    check('is free once it is released', async (stand) => {
      const other = await stand.another()
      const key = stand.newKey()
      for (const store of [stand.store, other, stand.store]) {
        const lock = await hold(store, key)
        await lock.release()
      }
    }),
    check('is free once its time is up, and not before', async (stand) => {
      const key = stand.newKey()
      const end = stand.now() + stand.shortLife * 1000
      const lock = await hold(stand.store, key, stand.shortLife)
      const early = await lockOf(stand.store, key)
      const isEarly = !stand.isOver(end)
      await early?.release()
      expectThat(early === undefined || !isEarly, 'a lock should be held until its time is up, and is free before')
      await stand.pass(stand.shortLife)
      const next = await holdSoon(stand, key)
      await next.release()
      await lock.release()
    }),
    check('is not freed by one whose time was up', async (stand) => {
      const key = stand.newKey()
      const late = await hold(stand.store, key, stand.shortLife)
      await stand.pass(stand.shortLife)
      const next = await holdSoon(stand, key)
      try {
        await late.release()
        await expectHeld(stand.store, key, 'after one whose time was up released it')
      } finally {
        await next.release()
      }
    }),
    check('may be released twice', async (stand) => {
      const key = stand.newKey()
      const first = await hold(stand.store, key)
      await first.release()
      await first.release()
      const second = await hold(stand.store, key)
      try {
        await first.release()
        await expectHeld(stand.store, key, 'after the one before released it again')
      } finally {
        await second.release()
      }
    }),
    check("is each key's own", async (stand) => {
      const start = stand.newKey()
      const locks: StoreLock[] = []
      try {
        for (const key of [
          start,
          stand.newKey(),
          `${start}.1`,
          `${start}-`,
          start.toLowerCase(),
          start.toUpperCase(),
        ]) {
          locks.push(await hold(stand.store, key))
        }
        await locks.shift()?.release()
        await expectHeld(stand.store, `${start}-`, "after another key's was released")
      } finally {
        await Promise.all(locks.map((lock) => lock.release()))
      }
    }),
    check('leaves the token alone', async (stand) => {
      const { store, token, newKey } = stand
      const [full, empty] = [newKey(), newKey()]
      const kept = token({ value: 'v' })
      await store.set(full, kept)
      const locks: StoreLock[] = []
      try {
        for (const key of [full, empty]) locks.push(await hold(store, key))
        await expectStored(store, full, kept, 'while its key is locked')
        await expectNothing(store, empty, 'where only the lock is')
      } finally {
        await Promise.all(locks.map((lock) => lock.release()))
      }
      await expectStored(store, full, kept, 'after the lock was released')
      await expectNothing(store, empty, 'after the lock was released')
    }),
    check('is left alone by the token', async (stand) => {
      const { store, token, newKey } = stand
      const key = newKey()
      const lock = await hold(store, key)
      try {
        const kept = token({ value: 'v' })
        await store.set(key, kept)
        await expectHeld(store, key, 'after a token was set')
        await expectStored(store, key, kept, 'set while its key is locked')
        await store.delete(key, kept)
        await store.delete(key)
        await expectHeld(store, key, 'after the token was deleted')
        await store.set(key, token({ value: 'expired' }, -1))
        await expectHeld(store, key, 'after an expired token was set')
      } finally {
        await lock.release()
      }
    }),
  ]
}

async function lockOf(store: TokenStore, key: string, seconds = ttl): Promise<StoreLock | undefined> {
  expectThat(store.lock !== undefined, 'the store has no lock: say so with `lock: false`')
  return store.lock(key, { ttl: seconds })
}

async function hold(store: TokenStore, key: string, seconds = ttl): Promise<StoreLock> {
  const lock = await lockOf(store, key, seconds)
  expectThat(lock !== undefined, 'a lock that nobody holds should be had, and is not')
  return lock
}

/** The lock of one whose time was up a moment ago. */
async function holdSoon(stand: StoreStand, key: string): Promise<StoreLock> {
  let lock: StoreLock | undefined
  await stand.expectSoon(async () => {
    lock = await lockOf(stand.store, key)
    return lock !== undefined
  }, 'a lock should be free soon after its time is up, and is still held')
  return lock ?? hold(stand.store, key)
}

async function expectHeld(store: TokenStore, key: string, when: string): Promise<void> {
  const lock = await lockOf(store, key)
  await lock?.release()
  expectThat(lock === undefined, `${when}, the lock should be nobody else's, and is given away`)
}
