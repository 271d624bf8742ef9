import { type Check, expectThat } from '../provider-suite/check.ts'
import { expectNothing, expectStored, type StoreBench, type StoreStand } from './store-bench.ts'

const content = { value: 'v', scopes: ['a', 'b'], extra: { one: 1, none: null, list: [{ x: 'y' }], empty: {} } }

/** Tokens that are others by very little. */
const others: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'another value': { ...content, value: 'V' },
  'a member more': { ...content, more: 1 },
  'a member less': { value: 'v', scopes: ['a', 'b'] },
  'a member more within': { ...content, extra: { ...content.extra, more: 1 } },
  'a list in another order': { ...content, scopes: ['b', 'a'] },
  'a longer list': { ...content, scopes: ['a', 'b', 'c'] },
  'a text for a number': { ...content, extra: { ...content.extra, one: '1' } },
  'nothing for null': { ...content, extra: { one: 1, list: [{ x: 'y' }], empty: {} } },
  'a list for an object': { ...content, extra: { ...content.extra, empty: [] } },
}

/** @param isAtomic whether looking and deleting are one step */
export function deletionChecks(bench: StoreBench, isAtomic: boolean): readonly Check[] {
  const check = (name: string, use: (stand: StoreStand) => Promise<void>): Check => ({
    group: 'what it deletes',
    name,
    run: () => bench(use),
  })
  return [
    check('deletes', async ({ store, token, newKey }) => {
      const key = newKey()
      await store.set(key, token({ value: 'v' }))
      await store.delete(key)
      await expectNothing(store, key, 'after it was deleted')
      const next = token({ value: 'next' })
      await store.set(key, next)
      await expectStored(store, key, next, 'set again after it was deleted')
    }),
    check('deletes nothing where there is nothing', async ({ store, token, newKey }) => {
      const key = newKey()
      await store.delete(key)
      await store.delete(key, token({ value: 'v' }))
      await expectNothing(store, key, 'a key that nobody wrote')
    }),
    check('deletes a token that is still the stored one', async ({ store, token, newKey }) => {
      const key = newKey()
      const kept = token(content)
      await store.set(key, kept)
      await store.delete(key, structuredClone(kept))
      await expectNothing(store, key, 'after an equal one was deleted')
      await store.set(key, kept)
      const got = await store.get(key)
      expectThat(got !== undefined, 'the token should be there, and is not')
      await store.delete(key, got)
      await expectNothing(store, key, 'after the one that get gave was deleted')
    }),
    check('deletes it whatever the order of its members', async ({ store, token, newKey }) => {
      const key = newKey()
      const kept = token(content)
      await store.set(key, kept)
      await store.delete(key, turn(kept))
      await expectNothing(store, key, 'after one with its members in another order was deleted')
    }),
    ...Object.entries(others).map(([what, other]) =>
      check(`leaves a token that is not the one to delete: ${what}`, async ({ store, token, newKey }) => {
        const key = newKey()
        const kept = token(content)
        await store.set(key, kept)
        await store.delete(key, { ...other, expiresAt: kept.expiresAt })
        await expectStored(store, key, kept, `after one with ${what} was deleted`)
      }),
    ),
    check('leaves a token that is not the one to delete: another end', async ({ store, token, newKey }) => {
      const key = newKey()
      const kept = token(content)
      await store.set(key, kept)
      await store.delete(key, { ...kept, expiresAt: kept.expiresAt + 1 })
      await expectStored(store, key, kept, 'after one with another end was deleted')
    }),
    ...(isAtomic
      ? [
          check('never deletes what was set meanwhile', async ({ store, another, token, newKey }) => {
            const other = await another()
            for (let round = 0; round < 25; round += 1) {
              const key = newKey()
              const [old, next] = [token({ value: `old ${round}` }), token({ value: `next ${round}` })]
              await store.set(key, old)
              const work = [() => store.delete(key, old), () => other.set(key, next)]
              if (round % 2 === 1) work.reverse()
              await Promise.all(work.map((start) => start()))
              await expectStored(store, key, next, 'set while the one before was deleted')
            }
          }),
        ]
      : []),
  ]
}

/** The same JSON with the members of all objects in the opposite order. */
function turn<T>(value: T): T {
  if (Array.isArray(value)) return value.map(turn) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, turn(member)]),
  ) as T
}
