import type { StoredToken } from '@nightlatch/core'
import { type Check, expectThat } from '../provider-suite/check.ts'
import { jsonDifference } from './json-difference.ts'
import { expectNothing, expectStored, type RunWithStoreFixture, type StoreFixture } from './store-fixture.ts'

/** All kinds of JSON values, including those that stores often lose. */
const contents: Readonly<Record<string, () => Readonly<Record<string, unknown>>>> = {
  'only expiresAt': () => ({}),
  'the fields that the core writes': () => ({
    schema: 1,
    requestedAt: 1_700_000_000_000,
    lifetime: 3_600_000,
    value: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln',
    type: 'Bearer',
    scopes: ['read', 'write'],
    extra: { token_use: 'access' },
  }),
  'a value of 16 kB': () => ({ value: '0123456789abcdef'.repeat(1024) }),
  'nested objects and arrays': () => ({ extra: nest(60), rows: [[], [[]], [{}, [null]]] }),
  'empty and unusual strings': () => ({
    empty: '',
    blank: ' ',
    lines: 'a\r\nb\tc',
    quotes: `"'\`\\`,
    zero: 'a\u0000b',
    separators: '\u2028\u2029',
    numeral: '007',
    date: '2026-01-02T03:04:05.678Z',
    object: '{"a":1}',
  }),
  'strings in several scripts': () => ({
    text: 'héllo Grüße Ωμέγα こんにちは עברית 👩‍🔧🏳️‍🌈 e\u0301 \ufffd',
    '🔑 név': 'é',
  }),
  'numbers of every size': () => ({
    numbers: [0, -1, 0.1, 1e-7, 1e21, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  }),
  'booleans and null': () => ({ yes: true, no: false, none: null, list: [null, true, false] }),
  'members named like those of Object.prototype': () =>
    JSON.parse(
      '{"extra":{"__proto__":{"polluted":true},"constructor":"c","toString":"t","hasOwnProperty":1,"":"empty"}}',
    ),
}

function nest(depth: number): unknown {
  return depth === 0 ? 'deep' : { list: [nest(depth - 1)] }
}

/** Ends of keys that a store may confuse: case, wildcards, suffixes and common prefixes. */
const similarEnds = ['v1.Abc-_d', 'v1.abc-_d', 'v1.ABC-_D', 'v1.Abc__d', 'v1.Abc-xd', 'v1.Abc-_', 'v1.Abc-_d-', 'v1']

export function tokenChecks(runWithFixture: RunWithStoreFixture): readonly Check[] {
  const check = (name: string, use: (fixture: StoreFixture) => Promise<void>): Check => ({
    group: 'get and set',
    name,
    run: () => runWithFixture(use),
  })
  return [
    check('returns undefined for an unknown key', async ({ store, newKey }) => {
      await expectNothing(store, newKey(), 'a key that was never set')
    }),
    ...Object.entries(contents).map(([what, content]) =>
      check(`returns a token with ${what}`, async ({ store, token, newKey }) => {
        const key = newKey()
        const kept = token(content())
        await store.set(key, freeze(structuredClone(kept)))
        await expectStored(store, key, kept, 'after set')
        await expectStored(store, key, kept, 'a second time')
      }),
    ),
    check('replaces a token', async ({ store, token, newKey }) => {
      const key = newKey()
      await store.set(key, token({ value: 'first', more: { a: 1 } }))
      const second = token({ value: 'second' }, 60)
      await store.set(key, second)
      await expectStored(store, key, second, 'after the second was set')
    }),
    check('stores a copy of the token', async ({ store, token, newKey }) => {
      const key = newKey()
      const given = token({ value: 'v', extra: { list: [1] } })
      const kept = structuredClone(given)
      await store.set(key, given)
      mutate(given)
      await expectStored(store, key, kept, 'after the caller changed the object that it had set')
    }),
    check('returns a copy of the stored token', async ({ store, token, newKey }) => {
      const key = newKey()
      const kept = token({ value: 'v', extra: { list: [1] } })
      await store.set(key, kept)
      const got = await store.get(key)
      if (got !== undefined) mutate(got)
      await expectStored(store, key, kept, 'after the caller changed the object that get returned')
    }),
    check("does not change the caller's token", async ({ store, token, newKey }) => {
      const key = newKey()
      const given = token({ value: 'v', extra: { list: [1] } })
      const before = structuredClone(given)
      await store.set(key, given)
      await store.delete(key, given)
      const difference = jsonDifference(given, before, 'the token')
      expectThat(difference === undefined, `the store changed the caller's object: ${difference}`)
    }),
    check('distinguishes similar keys', async ({ store, token, newKey }) => {
      const start = newKey()
      const keys = similarEnds.map((end) => `${start}.${end}`)
      const tokenOf = new Map(keys.map((key, at) => [key, token({ value: `token ${at}` })]))
      try {
        for (const [at, [key, own]] of [...tokenOf].entries()) {
          await expectNothing(store, key, `a key that resembles others (${similarEnds[at]})`)
          await store.set(key, own)
        }
        for (const [key, own] of tokenOf) await expectStored(store, key, own, 'after others were set')
        const [deleted, ...others] = keys
        if (deleted !== undefined) await store.delete(deleted)
        for (const key of others) {
          await expectStored(store, key, tokenOf.get(key) as StoredToken, 'after another was deleted')
        }
      } finally {
        await Promise.allSettled(keys.map((key) => store.delete(key)))
      }
    }),
    check('shares tokens between handles', async ({ store, another, token, newKey }) => {
      const other = await another()
      const key = newKey()
      const first = token({ value: 'first' })
      await store.set(key, first)
      await expectStored(other, key, first, 'at another handle (both must be handles on the same store)')
      const second = token({ value: 'second' })
      await other.set(key, second)
      await expectStored(store, key, second, 'after another handle had set it')
      await other.delete(key)
      await expectNothing(store, key, 'after another handle had deleted it')
    }),
  ]
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const member of Object.values(Object.freeze(value))) freeze(member)
  return value
}

function mutate(token: StoredToken): void {
  const open = token as { value?: unknown; expiresAt: number; extra?: { list?: unknown[] } }
  open.extra?.list?.push('spoilt')
  open.value = 'spoilt'
  open.expiresAt += 1
}
