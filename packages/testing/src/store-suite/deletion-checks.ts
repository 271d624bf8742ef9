import { type Check, expectThat } from '../provider-suite/check.ts'
import { expectNothing, expectStored, type RunWithStoreFixture, type StoreFixture } from './store-fixture.ts'

const content = { value: 'v', scopes: ['a', 'b'], extra: { one: 1, none: null, list: [{ x: 'y' }], empty: {} } }

/** Tokens that differ slightly from `content`. */
const similarTokens: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'another value': { ...content, value: 'V' },
  'an additional member': { ...content, more: 1 },
  'a missing member': { value: 'v', scopes: ['a', 'b'] },
  'an additional nested member': { ...content, extra: { ...content.extra, more: 1 } },
  'an array in another order': { ...content, scopes: ['b', 'a'] },
  'a longer array': { ...content, scopes: ['a', 'b', 'c'] },
  'a string instead of a number': { ...content, extra: { ...content.extra, one: '1' } },
  'undefined instead of null': { ...content, extra: { one: 1, list: [{ x: 'y' }], empty: {} } },
  'an array instead of an object': { ...content, extra: { ...content.extra, empty: [] } },
}

/** @param isAtomic whether the store compares and deletes in one step */
export function deletionChecks(runWithFixture: RunWithStoreFixture, isAtomic: boolean): readonly Check[] {
  const check = (name: string, use: (fixture: StoreFixture) => Promise<void>): Check => ({
    group: 'delete',
    name,
    run: () => runWithFixture(use),
  })
  return [
    check('deletes a token', async ({ store, token, newKey }) => {
      const key = newKey()
      await store.set(key, token({ value: 'v' }))
      await store.delete(key)
      await expectNothing(store, key, 'after it was deleted')
      const next = token({ value: 'next' })
      await store.set(key, next)
      await expectStored(store, key, next, 'set again after it was deleted')
    }),
    check('accepts a delete of an unknown key', async ({ store, token, newKey }) => {
      const key = newKey()
      await store.delete(key)
      await store.delete(key, token({ value: 'v' }))
      await expectNothing(store, key, 'a key that was never set')
    }),
    check('deletes a token that equals the stored one', async ({ store, token, newKey }) => {
      const key = newKey()
      const kept = token(content)
      await store.set(key, kept)
      await store.delete(key, structuredClone(kept))
      await expectNothing(store, key, 'after an equal one was deleted')
      await store.set(key, kept)
      const got = await store.get(key)
      expectThat(got !== undefined, 'the token should be stored')
      await store.delete(key, got)
      await expectNothing(store, key, 'after the token that get returned was deleted')
    }),
    check('deletes a token whose members are in another order', async ({ store, token, newKey }) => {
      const key = newKey()
      const kept = token(content)
      await store.set(key, kept)
      await store.delete(key, reverseMembers(kept))
      await expectNothing(store, key, 'after deleting the token with members in another order')
    }),
    ...Object.entries(similarTokens).map(([what, other]) =>
      check(`keeps a token that differs from the one to delete: ${what}`, async ({ store, token, newKey }) => {
        const key = newKey()
        const kept = token(content)
        await store.set(key, kept)
        await store.delete(key, { ...other, expiresAt: kept.expiresAt })
        await expectStored(store, key, kept, `after deleting a token with ${what}`)
      }),
    ),
    check('keeps a token that differs from the one to delete: another expiresAt', async ({ store, token, newKey }) => {
      const key = newKey()
      const kept = token(content)
      await store.set(key, kept)
      await store.delete(key, { ...kept, expiresAt: kept.expiresAt + 1 })
      await expectStored(store, key, kept, 'after deleting a token with another expiresAt')
    }),
    ...(isAtomic
      ? [
          check('never deletes a token that was set at the same time', async ({ store, another, token, newKey }) => {
            const other = await another()
            for (let round = 0; round < 25; round += 1) {
              const key = newKey()
              const [old, next] = [token({ value: `old ${round}` }), token({ value: `next ${round}` })]
              await store.set(key, old)
              const work = [() => store.delete(key, old), () => other.set(key, next)]
              if (round % 2 === 1) work.reverse()
              await Promise.all(work.map((start) => start()))
              await expectStored(store, key, next, 'a token set while the previous one was deleted')
            }
          }),
        ]
      : []),
  ]
}

/** Copies JSON with the members of all objects in reverse order. */
function reverseMembers<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reverseMembers) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, reverseMembers(member)]),
  ) as T
}
