import { type Check, expectThat } from '../provider-suite/check.ts'
import { expectNothing, expectStored, type RunWithStoreFixture, type StoreFixture } from './store-fixture.ts'

const daySeconds = 24 * 3600

export function expiryChecks(runWithFixture: RunWithStoreFixture): readonly Check[] {
  const check = (name: string, use: (fixture: StoreFixture) => Promise<void>): Check => ({
    group: 'expiry',
    name,
    run: () => runWithFixture(use),
  })
  return [
    check('does not store an expired token', async ({ store, token, newKey }) => {
      for (const seconds of [-daySeconds, -1, 0]) {
        const key = newKey()
        await store.set(key, token({ value: 'v' }, seconds))
        await expectNothing(store, key, `a token that expired ${-seconds} s ago`)
      }
    }),
    check('deletes a token that an expired one replaces', async ({ store, token, newKey }) => {
      const key = newKey()
      await store.set(key, token({ value: 'live' }))
      await store.set(key, token({ value: 'expired' }, -1))
      await expectNothing(store, key, 'after an expired token was set')
    }),
    check('expires a token at expiresAt, not before', async (fixture) => {
      const { store, newKey, shortLife } = fixture
      const key = newKey()
      const short = fixture.token({ value: 'short' }, shortLife)
      await store.set(key, short)
      await fixture.pass(shortLife * 0.6)
      const early = await store.get(key)
      // On a busy machine the token may have expired before this read; then the check proves nothing.
      expectThat(early !== undefined || fixture.isOver(short.expiresAt), 'a token should be stored until expiresAt')
      await fixture.pass(Math.max(0, (short.expiresAt - fixture.now()) / 1000))
      await fixture.expectSoon(
        async () => (await store.get(key)) === undefined,
        'a token should be gone soon after expiresAt, but is still stored',
      )
    }),
    check('uses the expiresAt of the last token set', async (fixture) => {
      const { store, newKey, shortLife } = fixture
      const [longer, shorter] = [newKey(), newKey()]
      const long = fixture.token({ value: 'long' })
      await store.set(longer, fixture.token({ value: 'short' }, shortLife))
      await store.set(longer, long)
      await store.set(shorter, long)
      const short = fixture.token({ value: 'short' }, shortLife)
      await store.set(shorter, short)
      await fixture.pass(Math.max(0, (short.expiresAt - fixture.now()) / 1000))
      await fixture.expectSoon(
        async () => (await store.get(shorter)) === undefined,
        'a short-lived token that replaced a long-lived one should be gone soon after its expiresAt',
      )
      await expectStored(store, longer, long, 'a long-lived token that replaced an expired one')
    }),
    check('keeps tokens with long lifetimes', async ({ store, token, newKey }) => {
      // Timers overflow at 2^31 ms, 32-bit clocks at 2^31 s after the epoch.
      for (const days of [24, 25, 50, 365, 40_000]) {
        const key = newKey()
        const kept = token({ value: 'v' }, days * daySeconds)
        await store.set(key, kept)
        await expectStored(store, key, kept, `a token for ${days} days`)
      }
    }),
  ]
}
