import { type Check, expectThat } from '../provider-suite/check.ts'
import { expectNothing, expectStored, type RunWithStoreFixture, type StoreFixture } from './store-fixture.ts'

const day = 24 * 3600

export function expiryChecks(runWithFixture: RunWithStoreFixture): readonly Check[] {
  const check = (name: string, use: (fixture: StoreFixture) => Promise<void>): Check => ({
    group: 'expiry',
    name,
    run: () => runWithFixture(use),
  })
  return [
    check('does not store an expired token', async ({ store, token, newKey }) => {
      for (const seconds of [-day, -1, 0]) {
        const key = newKey()
        await store.set(key, token({ value: 'v' }, seconds))
        await expectNothing(store, key, `a token whose end was ${-seconds} s ago`)
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
      // A busy machine may have taken all of the life for these steps; then there is nothing to see.
      expectThat(early !== undefined || fixture.isOver(short.expiresAt), 'a token is forgotten long before its end')
      await fixture.pass(Math.max(0, (short.expiresAt - fixture.now()) / 1000))
      await fixture.expectSoon(
        async () => (await store.get(key)) === undefined,
        'a token should be forgotten soon after its end, and is still there',
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
        'a token with a short life took the place of one with a long life: it should be forgotten soon after its end',
      )
      await expectStored(store, longer, long, 'it took the place of a token whose end has come')
    }),
    check('keeps tokens with long lifetimes', async ({ store, token, newKey }) => {
      // 2^31 ms is where timers overflow, 2^31 s after the epoch where old clocks do.
      for (const days of [24, 25, 50, 365, 40_000]) {
        const key = newKey()
        const kept = token({ value: 'v' }, days * day)
        await store.set(key, kept)
        await expectStored(store, key, kept, `a token for ${days} days`)
      }
    }),
  ]
}
