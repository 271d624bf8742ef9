import type { StoreLock, TokenStore } from '@nightlatch/core'
import { type Check, expectThat } from '../provider-suite/check.ts'
import { expectNothing, expectStored, type RunWithStoreFixture, type StoreFixture } from './store-fixture.ts'

/** Time to live of a lock that does not expire during a check. */
const longTtlSeconds = 60

/** @param hasLock whether the store supports locks */
export function lockChecks(runWithFixture: RunWithStoreFixture, hasLock: boolean): readonly Check[] {
  const check = (name: string, use: (fixture: StoreFixture) => Promise<void>): Check => ({
    group: 'lock',
    name,
    run: () => runWithFixture(use),
  })
  if (!hasLock) {
    return [
      check('is absent', async ({ store }) => {
        expectThat(store.lock === undefined, 'the store has a lock. Remove `lock: false` to test it')
      }),
    ]
  }
  return [
    check('is held by one process at a time', async (fixture) => {
      const other = await fixture.another()
      const key = fixture.newKey()
      const lock = await hold(fixture.store, key)
      try {
        await expectHeld(fixture.store, key, 'while it is held')
        await expectHeld(other, key, 'while another handle holds it')
      } finally {
        await lock.release()
      }
    }),
    check('is granted to one of many concurrent requests', async (fixture) => {
      const handles = [fixture.store, await fixture.another()]
      const key = fixture.newKey()
      const attempts = Array.from({ length: 20 }, (_, at) => lockOf(handles[at % 2] ?? fixture.store, key))
      const held = (await Promise.all(attempts)).filter((lock) => lock !== undefined)
      await Promise.all(held.map((lock) => lock.release()))
      expectThat(held.length === 1, `one of ${attempts.length} requests should get the lock, but ${held.length} got it`)
    }),
    check('is free after its release', async (fixture) => {
      const other = await fixture.another()
      const key = fixture.newKey()
      for (const store of [fixture.store, other, fixture.store]) {
        const lock = await hold(store, key)
        await lock.release()
      }
    }),
    check('expires after its ttl, not before', async (fixture) => {
      const key = fixture.newKey()
      const end = fixture.now() + fixture.shortLife * 1000
      const lock = await hold(fixture.store, key, fixture.shortLife)
      const early = await lockOf(fixture.store, key)
      const isEarly = !fixture.isOver(end)
      await early?.release()
      expectThat(early === undefined || !isEarly, 'a lock should be held until its ttl has passed, but is free before')
      await fixture.pass(fixture.shortLife)
      const next = await holdSoon(fixture, key)
      await next.release()
      await lock.release()
    }),
    check('is not released by an expired owner', async (fixture) => {
      const key = fixture.newKey()
      const late = await hold(fixture.store, key, fixture.shortLife)
      await fixture.pass(fixture.shortLife)
      const next = await holdSoon(fixture, key)
      try {
        await late.release()
        await expectHeld(fixture.store, key, 'after an expired owner released it')
      } finally {
        await next.release()
      }
    }),
    check('can be released twice', async (fixture) => {
      const key = fixture.newKey()
      const first = await hold(fixture.store, key)
      await first.release()
      await first.release()
      const second = await hold(fixture.store, key)
      try {
        await first.release()
        await expectHeld(fixture.store, key, 'after the previous owner released it again')
      } finally {
        await second.release()
      }
    }),
    check('is separate for each key', async (fixture) => {
      const start = fixture.newKey()
      const locks: StoreLock[] = []
      try {
        for (const key of [
          start,
          fixture.newKey(),
          `${start}.1`,
          `${start}-`,
          start.toLowerCase(),
          start.toUpperCase(),
        ]) {
          locks.push(await hold(fixture.store, key))
        }
        await locks.shift()?.release()
        await expectHeld(fixture.store, `${start}-`, "after another key's lock was released")
      } finally {
        await Promise.all(locks.map((lock) => lock.release()))
      }
    }),
    check('does not change the token', async (fixture) => {
      const { store, token, newKey } = fixture
      const [full, empty] = [newKey(), newKey()]
      const kept = token({ value: 'v' })
      await store.set(full, kept)
      const locks: StoreLock[] = []
      try {
        for (const key of [full, empty]) locks.push(await hold(store, key))
        await expectStored(store, full, kept, 'while its key is locked')
        await expectNothing(store, empty, 'a key with a lock but no token')
      } finally {
        await Promise.all(locks.map((lock) => lock.release()))
      }
      await expectStored(store, full, kept, 'after the lock was released')
      await expectNothing(store, empty, 'after the lock was released')
    }),
    check('is not changed by set and delete', async (fixture) => {
      const { store, token, newKey } = fixture
      const key = newKey()
      const lock = await hold(store, key)
      try {
        const kept = token({ value: 'v' })
        await store.set(key, kept)
        await expectHeld(store, key, 'after a token was set')
        await expectStored(store, key, kept, 'a token set while its key is locked')
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

async function lockOf(store: TokenStore, key: string, seconds = longTtlSeconds): Promise<StoreLock | undefined> {
  expectThat(store.lock !== undefined, 'the store has no lock. Set `lock: false` to skip its checks')
  return store.lock(key, { ttl: seconds })
}

async function hold(store: TokenStore, key: string, seconds = longTtlSeconds): Promise<StoreLock> {
  const lock = await lockOf(store, key, seconds)
  expectThat(lock !== undefined, 'a free lock should be granted, but is not')
  return lock
}

/** Waits for a lock whose ttl has just passed. */
async function holdSoon(fixture: StoreFixture, key: string): Promise<StoreLock> {
  let lock: StoreLock | undefined
  await fixture.expectSoon(async () => {
    lock = await lockOf(fixture.store, key)
    return lock !== undefined
  }, 'a lock should be free soon after its ttl has passed, but is still held')
  return lock ?? hold(fixture.store, key)
}

async function expectHeld(store: TokenStore, key: string, when: string): Promise<void> {
  const lock = await lockOf(store, key)
  await lock?.release()
  expectThat(lock === undefined, `${when}, the lock should not be granted, but is`)
}
