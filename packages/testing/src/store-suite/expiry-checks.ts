import { type Check, expectThat } from '../provider-suite/check.ts'
import { expectNothing, expectStored, type StoreBench, type StoreStand } from './store-bench.ts'

const day = 24 * 3600

export function expiryChecks(bench: StoreBench): readonly Check[] {
  const check = (name: string, use: (stand: StoreStand) => Promise<void>): Check => ({
    group: 'what it forgets',
    name,
    run: () => bench(use),
  })
  return [
    check('keeps no token that has expired', async ({ store, token, newKey }) => {
      for (const seconds of [-day, -1, 0]) {
        const key = newKey()
        await store.set(key, token({ value: 'v' }, seconds))
        await expectNothing(store, key, `a token whose end was ${-seconds} s ago`)
      }
    }),
    check('keeps nothing where an expired token took the place of another', async ({ store, token, newKey }) => {
      const key = newKey()
      await store.set(key, token({ value: 'live' }))
      await store.set(key, token({ value: 'expired' }, -1))
      await expectNothing(store, key, 'after an expired token was set')
    }),
    check('forgets a token at its end, and not before', async (stand) => {
      const { store, newKey, shortLife } = stand
      const key = newKey()
      const short = stand.token({ value: 'short' }, shortLife)
      await store.set(key, short)
      await stand.pass(shortLife * 0.6)
      const early = await store.get(key)
      // A busy machine may have taken all of the life for these steps; then there is nothing to see.
      expectThat(early !== undefined || stand.isOver(short.expiresAt), 'a token is forgotten long before its end')
      await stand.pass(Math.max(0, (short.expiresAt - stand.now()) / 1000))
      await stand.expectSoon(
        async () => (await store.get(key)) === undefined,
        'a token should be forgotten soon after its end, and is still there',
      )
    }),
    check('goes by the end of the token that was set last', async (stand) => {
      const { store, newKey, shortLife } = stand
      const [longer, shorter] = [newKey(), newKey()]
      const long = stand.token({ value: 'long' })
      await store.set(longer, stand.token({ value: 'short' }, shortLife))
      await store.set(longer, long)
      await store.set(shorter, long)
      const short = stand.token({ value: 'short' }, shortLife)
      await store.set(shorter, short)
      await stand.pass(Math.max(0, (short.expiresAt - stand.now()) / 1000))
      await stand.expectSoon(
        async () => (await store.get(shorter)) === undefined,
        'a token with a short life took the place of one with a long life: it should be forgotten soon after its end',
      )
      await expectStored(store, longer, long, 'it took the place of a token whose end has come')
    }),
    check('keeps tokens with long lives', async ({ store, token, newKey }) => {
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
