import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { StoredToken, TokenStore } from '@nightlatch/core'
import { describe, expect, it } from 'vitest'
import { createClock, type TokenStoreSuite, testTokenStore } from '../src/index.ts'
import { jsonDifference } from '../src/store-suite/json-difference.ts'
import { tokenStoreChecks } from '../src/test-token-store.ts'

/** The parts of a store, which tests break one at a time. */
interface Parts {
  readonly entries: Map<string, { readonly text: string; readonly expiresAt: number }>
  readonly locks: Map<string, { readonly owner: object; readonly until: number }>
  readonly now: () => number
}

/** A correct store over JSON in a Map, asynchronous like one behind a network. */
function textStore({ entries, locks, now }: Parts): TokenStore & Required<Pick<TokenStore, 'lock'>> {
  const read = (key: string): StoredToken | undefined => {
    const entry = entries.get(key)
    return entry === undefined || entry.expiresAt <= now() ? undefined : JSON.parse(entry.text)
  }
  return {
    async get(key) {
      await turn()
      return read(key)
    },
    async set(key, token) {
      const text = JSON.stringify(token)
      await turn()
      entries.set(key, { text, expiresAt: token.expiresAt })
    },
    async delete(key, token) {
      await turn()
      if (token === undefined || jsonDifference(read(key), token) === undefined) entries.delete(key)
    },
    async lock(key, { ttl }) {
      await turn()
      const held = locks.get(key)
      if (held !== undefined && held.until > now()) return undefined
      const owner = {}
      locks.set(key, { owner, until: now() + ttl * 1000 })
      return {
        async release() {
          if (locks.get(key)?.owner === owner) locks.delete(key)
        },
      }
    },
  }
}

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
}

type Break = (store: ReturnType<typeof textStore>, parts: Parts) => Partial<TokenStore>

/** Runs a suite and returns the failed checks with their messages. */
async function run(change: Break = () => ({}), suite: TokenStoreSuite = {}): Promise<ReadonlyMap<string, string>> {
  const clock = createClock()
  const parts: Parts = { entries: new Map(), locks: new Map(), now: clock.now }
  const open = (): TokenStore => {
    const store = textStore(parts)
    return { ...store, ...change(store, parts) }
  }
  const failed = new Map<string, string>()
  for (const { name, run } of tokenStoreChecks(open, { clock, ...suite })) {
    await run().catch((failure: Error) => failed.set(name, failure.message))
  }
  return failed
}

const someOf = (...names: string[]): readonly string[] => expect.arrayContaining(names)

/** Stores with one defect each, and the checks that must detect it. */
const broken: Readonly<Record<string, { readonly change: Break; readonly fails: readonly string[] }>> = {
  'returns null for an unknown key': {
    change: (store) => ({ get: async (key) => (await store.get(key)) ?? (null as unknown as undefined) }),
    fails: someOf('returns undefined for an unknown key', 'deletes a token'),
  },
  'keeps nothing': {
    change: () => ({ set: async () => {} }),
    fails: someOf('returns a token with the fields that the core writes', 'replaces a token'),
  },
  'keeps the first token': {
    change: (store, { entries }) => ({
      set: async (key, token) => void (entries.has(key) || (await store.set(key, token))),
    }),
    fails: someOf('replaces a token'),
  },
  'settles before it has written': {
    change(store) {
      let write = async (): Promise<void> => {}
      return {
        async get(key) {
          const token = await store.get(key)
          await write()
          return token
        },
        async set(key, token) {
          write = () => store.set(key, token)
        },
      }
    },
    fails: someOf('returns a token with the fields that the core writes'),
  },
  'has a column of limited length': {
    change: (store) => ({
      set: async (key, token) => {
        if (JSON.stringify(token).length > 4000) throw new Error('too long')
        await store.set(key, token)
      },
    }),
    fails: ['returns a token with a value of 16 kB', 'never returns a mix of two tokens'],
  },
  'writes Latin-1': {
    change: (store) => ({
      get: async (key) => {
        const token = await store.get(key)
        return token && JSON.parse(Buffer.from(JSON.stringify(token), 'latin1').toString('latin1'))
      },
    }),
    fails: ['returns a token with empty and unusual strings', 'returns a token with strings in several scripts'],
  },
  'ends strings at a NUL': {
    change: (store) => ({
      set: (key, token) => store.set(key, JSON.parse(JSON.stringify(token).replaceAll('\\u0000', ''))),
    }),
    fails: ['returns a token with empty and unusual strings'],
  },
  'treats empty strings as null': {
    change: (store) => ({
      set: (key, token) => store.set(key, { ...token, ...(token.empty === '' ? { empty: null } : {}) }),
    }),
    fails: ['returns a token with empty and unusual strings'],
  },
  'converts strings that look like dates': {
    change: (store) => ({
      get: async (key) => {
        const token = await store.get(key)
        return token && { ...token, ...(typeof token.date === 'string' ? { date: new Date(token.date) } : {}) }
      },
    }),
    fails: ['returns a token with empty and unusual strings'],
  },
  'keeps numbers in 32 bits': {
    change: (store) => ({
      set: (key, token) =>
        store.set(key, {
          ...token,
          ...(Array.isArray(token.numbers) ? { numbers: token.numbers.map((number) => Math.fround(number)) } : {}),
        }),
    }),
    fails: ['returns a token with numbers of every size'],
  },
  'leaves null out': {
    change: (store) => ({
      get: async (key) => {
        const token = await store.get(key)
        return token && JSON.parse(JSON.stringify(token, (_, value) => value ?? undefined))
      },
    }),
    fails: someOf('returns a token with booleans and null'),
  },
  'merges what it reads into an object': {
    change: (store) => ({
      get: async (key) => {
        const token = await store.get(key)
        if (token === undefined) return undefined
        const copy = (value: unknown): unknown => {
          if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
          const target: Record<string, unknown> = {}
          for (const name of Object.keys(value)) target[name] = copy((value as Record<string, unknown>)[name])
          return target
        }
        return copy(token) as StoredToken
      },
    }),
    fails: ['returns a token with members named like those of Object.prototype'],
  },
  'merges the new token into the old one': {
    change: (store) => ({ set: async (key, token) => store.set(key, { ...(await store.get(key)), ...token }) }),
    fails: someOf('replaces a token'),
  },
  'stores the object it was passed': {
    change: byReference({ copyIn: false, copyOut: true }),
    fails: someOf('stores a copy of the token'),
  },
  'returns the object it stores': {
    change: byReference({ copyIn: true, copyOut: false }),
    fails: ['returns a copy of the stored token'],
  },
  'changes the object it was passed': {
    change: (store) => ({
      set: async (key, token) => {
        await store.set(key, token)
        Object.assign(token, { key })
      },
    }),
    fails: someOf("does not change the caller's token"),
  },
  'ignores the case of keys': {
    change: renaming((key) => key.toLowerCase()),
    fails: someOf('distinguishes similar keys', 'is separate for each key'),
  },
  'compares keys by LIKE': {
    change: (store, { entries }) => ({
      get: (key) => {
        const pattern = new RegExp(`^${key.replaceAll('.', '\\.').replaceAll('_', '.')}$`)
        return store.get([...entries.keys()].find((one) => pattern.test(one)) ?? key)
      },
    }),
    fails: ['distinguishes similar keys'],
  },
  'deletes all keys with the same prefix': {
    change: (_, { entries }) => ({
      delete: async (key, token) => {
        if (token === undefined)
          for (const one of entries.keys()) if (one.startsWith(key.slice(0, -2))) entries.delete(one)
      },
    }),
    fails: someOf('distinguishes similar keys'),
  },
  'cuts keys at forty characters': {
    change: renaming((key) => key.slice(0, 40)),
    fails: someOf('distinguishes similar keys'),
  },
  'shares nothing': {
    change: (_, { now }) => textStore({ entries: new Map(), locks: new Map(), now }),
    fails: someOf(
      'shares tokens between handles',
      'is held by one process at a time',
      'is granted to one of many concurrent requests',
    ),
  },
  'has a cache before it': {
    change: (store) => {
      const cache = new Map<string, StoredToken>()
      return {
        get: async (key) => {
          const token = structuredClone(cache.get(key)) ?? (await store.get(key))
          if (token !== undefined) cache.set(key, structuredClone(token))
          return token
        },
        set: (key, token) => {
          cache.delete(key)
          return store.set(key, token)
        },
        delete: (...parameters) => {
          cache.delete(parameters[0])
          return store.delete(...parameters)
        },
      }
    },
    fails: someOf('shares tokens between handles', 'expires a token at expiresAt, not before'),
  },
  'deletes nothing': {
    change: () => ({ delete: async () => {} }),
    fails: someOf('deletes a token', 'deletes a token that equals the stored one'),
  },
  'cannot set again what was deleted': {
    change: (store) => {
      const gone = new Set<string>()
      return {
        set: async (key, token) => void (gone.has(key) || (await store.set(key, token))),
        delete: (...parameters) => {
          gone.add(parameters[0])
          return store.delete(...parameters)
        },
      }
    },
    fails: someOf('deletes a token'),
  },
  'fails to delete an unknown key': {
    change: (store, { entries }) => ({
      delete: async (key, token) => {
        if (!entries.has(key)) throw new Error('no such key')
        await store.delete(key, token)
      },
    }),
    fails: someOf('accepts a delete of an unknown key'),
  },
  'deletes regardless of the token': {
    change: (store) => ({ delete: (key) => store.delete(key) }),
    fails: someOf(
      'keeps a token that differs from the one to delete: another value',
      'keeps a token that differs from the one to delete: another expiresAt',
      'never deletes a token that was set at the same time',
    ),
  },
  'ignores a delete with a token': {
    change: (store) => ({ delete: async (key, token) => void (token === undefined && (await store.delete(key))) }),
    fails: someOf('deletes a token that equals the stored one', 'deletes a token whose members are in another order'),
  },
  'compares tokens by identity': {
    change: (store, { entries }) => ({
      delete: async (key, token) => {
        const kept = entries.get(key)
        if (token === undefined || (kept && JSON.parse(kept.text) === token)) await store.delete(key)
      },
    }),
    fails: someOf('deletes a token that equals the stored one'),
  },
  'compares JSON text': {
    change: (_, { entries }) => ({
      delete: async (key, token) => {
        if (token === undefined || entries.get(key)?.text === JSON.stringify(token)) entries.delete(key)
      },
    }),
    fails: ['deletes a token whose members are in another order'],
  },
  'compares only values': {
    change: (store, { entries }) => ({
      delete: async (key, token) => {
        const kept = entries.get(key)
        if (token === undefined || (kept && JSON.parse(kept.text).value === token.value)) await store.delete(key)
      },
    }),
    fails: someOf('keeps a token that differs from the one to delete: a missing member'),
  },
  'compares, and deletes later': {
    change: (store) => ({
      delete: async (key, token) => {
        if (token === undefined || jsonDifference(await store.get(key), token) === undefined) await store.delete(key)
      },
    }),
    fails: ['never deletes a token that was set at the same time'],
  },
  'never expires entries': {
    change: unforgetting(() => Number.MAX_SAFE_INTEGER),
    fails: someOf('does not store an expired token', 'expires a token at expiresAt, not before'),
  },
  'expires entries by whole minutes': {
    change: unforgetting((expiresAt) => Math.ceil(expiresAt / 60_000) * 60_000),
    fails: someOf('expires a token at expiresAt, not before'),
  },
  'stores expired tokens for a while': {
    change: (store, { now }) => ({
      set: (key, token) => store.set(key, token.expiresAt <= now() ? { ...token, expiresAt: now() + 1000 } : token),
    }),
    fails: someOf('does not store an expired token', 'deletes a token that an expired one replaces'),
  },
  'ignores expired tokens': {
    change: (store, { now }) => ({
      set: async (key, token) => void (token.expiresAt > now() && (await store.set(key, token))),
    }),
    fails: someOf('deletes a token that an expired one replaces'),
  },
  'expires entries by their first expiresAt': {
    change: (store, { entries }) => ({
      set: async (key, token) => {
        const before = entries.get(key)?.expiresAt
        await store.set(key, token)
        const entry = entries.get(key)
        if (before !== undefined && entry) entries.set(key, { ...entry, expiresAt: before })
      },
    }),
    fails: someOf('uses the expiresAt of the last token set'),
  },
  'expires entries too early': {
    change: unforgetting((expiresAt, now) => now + (expiresAt - now) / 2),
    fails: ['expires a token at expiresAt, not before'],
  },
  'expires entries by a 32-bit timer': {
    change: (store, { entries, now }) => ({
      set: async (key, token) => {
        await store.set(key, token)
        if (token.expiresAt - now() > 2 ** 31 - 1) entries.delete(key)
      },
    }),
    fails: ['keeps tokens with long lifetimes'],
  },
  'writes in two steps': {
    change: (_, { entries, now }) => {
      const put = (key: string, text: string, expiresAt: number): void => void entries.set(key, { text, expiresAt })
      return {
        set: async (key, token) => {
          const text = JSON.stringify(token)
          put(key, JSON.stringify({ ...token, value: String(token.value).slice(0, 10) }), token.expiresAt)
          await turn()
          await turn()
          put(key, text, token.expiresAt)
        },
        get: async (key) => {
          const entry = entries.get(key)
          return entry === undefined || entry.expiresAt <= now() ? undefined : JSON.parse(entry.text)
        },
      }
    },
    fails: someOf('never returns a mix of two tokens'),
  },
  'loses concurrent writes': {
    change: (_, { entries }) => ({
      set: async (key, token) => {
        // As a file that is read, changed and written as a whole.
        const file = new Map(entries)
        await turn()
        file.set(key, { text: JSON.stringify(token), expiresAt: token.expiresAt })
        entries.clear()
        for (const [one, entry] of file) entries.set(one, entry)
      },
    }),
    fails: someOf('keeps every token of many concurrent writes'),
  },
  'has no lock': {
    change: () => ({ lock: undefined as unknown as NonNullable<TokenStore['lock']> }),
    fails: someOf('is held by one process at a time', 'is free after its release'),
  },
  'grants every lock': {
    change: () => ({ lock: async () => ({ async release() {} }) }),
    fails: someOf(
      'is held by one process at a time',
      'is granted to one of many concurrent requests',
      'is not changed by set and delete',
    ),
  },
  'checks the lock, and takes it later': {
    change: (_, { locks, now }) => ({
      lock: async (key, { ttl }) => {
        const held = locks.get(key)
        if (held !== undefined && held.until > now()) return undefined
        await turn()
        const owner = {}
        locks.set(key, { owner, until: now() + ttl * 1000 })
        return { release: async () => void (locks.get(key)?.owner === owner && locks.delete(key)) }
      },
    }),
    fails: ['is granted to one of many concurrent requests'],
  },
  'never releases the lock': {
    change: (store) => ({
      lock: async (key, options) => (await store.lock(key, options)) && { async release() {} },
    }),
    fails: someOf('is free after its release', 'can be released twice'),
  },
  'holds the lock for ever': {
    change: (store) => ({ lock: (key) => store.lock(key, { ttl: 1e9 }) }),
    fails: ['expires after its ttl, not before', 'is not released by an expired owner'],
  },
  'reads ttl as milliseconds': {
    change: (store) => ({ lock: (key, { ttl }) => store.lock(key, { ttl: ttl / 1e9 }) }),
    fails: someOf('expires after its ttl, not before'),
  },
  'releases the lock of another owner': {
    change: (store, { locks }) => ({
      lock: async (key, options) => (await store.lock(key, options)) && { release: async () => void locks.delete(key) },
    }),
    fails: ['is not released by an expired owner', 'can be released twice'],
  },
  'fails a second release': {
    change: (store) => ({
      lock: async (key, options) => {
        const lock = await store.lock(key, options)
        let isReleased = false
        const release = async (): Promise<void> => {
          if (isReleased) throw new Error('not held')
          isReleased = true
          await lock?.release()
        }
        return lock && { release }
      },
    }),
    fails: ['can be released twice'],
  },
  'has one lock for all keys': {
    change: (store) => ({ lock: (_key, options) => store.lock('all', options) }),
    fails: someOf('is separate for each key', 'does not change the token'),
  },
  'stores the lock under the token’s key': {
    change: (_, { entries, now }) => ({
      lock: async (key, { ttl }) => {
        const entry = entries.get(key)
        if (entry !== undefined && entry.expiresAt > now()) return undefined
        entries.set(key, { text: '{"locked":true}', expiresAt: now() + ttl * 1000 })
        return { release: async () => void entries.delete(key) }
      },
    }),
    fails: someOf('does not change the token', 'is not changed by set and delete'),
  },
  'releases the lock on set': {
    change: (store, { locks }) => ({
      set: async (key, token) => {
        await store.set(key, token)
        locks.delete(key)
      },
    }),
    fails: someOf('is not changed by set and delete'),
  },
  'releases the lock on delete': {
    change: (store, { locks }) => ({
      delete: async (...parameters) => {
        await store.delete(...parameters)
        locks.delete(parameters[0])
      },
    }),
    fails: someOf('is not changed by set and delete'),
  },
}

function renaming(rename: (key: string) => string): Break {
  return (store) => ({
    get: (key) => store.get(rename(key)),
    set: (key, token) => store.set(rename(key), token),
    delete: (key, ...rest) => store.delete(rename(key), ...rest),
    lock: (key, options) => store.lock(rename(key), options),
  })
}

function byReference({ copyIn, copyOut }: { readonly copyIn: boolean; readonly copyOut: boolean }): Break {
  const kept = new Map<string, StoredToken>()
  return (store, { now }) => ({
    get: async (key) => {
      const token = kept.get(key)
      if (token === undefined || token.expiresAt <= now()) return undefined
      return copyOut ? structuredClone(token) : token
    },
    set: async (key, token) => void kept.set(key, copyIn ? structuredClone(token) : token),
    delete: async (key, token) => {
      if (token === undefined || jsonDifference(await store.get(key), token) === undefined) kept.delete(key)
      if (token !== undefined && jsonDifference(kept.get(key), token) === undefined) kept.delete(key)
    },
  })
}

function unforgetting(endOf: (expiresAt: number, now: number) => number): Break {
  return (_, { entries, now }) => ({
    set: async (key, token) => {
      entries.set(key, { text: JSON.stringify(token), expiresAt: endOf(token.expiresAt, now()) })
    },
  })
}

describe('the suite passes', () => {
  it('a correct store', async () => {
    expect(await run()).toEqual(new Map())
  })

  it('a store without atomic delete, with atomicDelete: false', async () => {
    expect(await run(broken['compares, and deletes later']?.change, { atomicDelete: false })).toEqual(new Map())
  })

  it('a store without a lock, with lock: false', async () => {
    expect(await run((store) => ({ ...store, lock: undefined }) as unknown as TokenStore, { lock: false })).toEqual(
      new Map(),
    )
  })

  it('objects of another realm, or without a prototype', async () => {
    const change: Break = (store) => ({
      get: async (key) => {
        const token = await store.get(key)
        return token && Object.setPrototypeOf(token, null)
      },
    })
    expect(await run(change)).toEqual(new Map())
  })
})

describe('the suite fails a store that', () => {
  it.concurrent.each(Object.entries(broken))('%s', async (_what, { change, fails }) => {
    expect([...(await run(change)).keys()]).toEqual(fails)
  })

  it('has a lock in spite of lock: false', async () => {
    expect(await run(undefined, { lock: false })).toEqual(
      new Map([['is absent', 'the store has a lock. Remove `lock: false` to test it']]),
    )
  })

  it('hangs', async () => {
    const hanging: TokenStore = { ...textStore(emptyParts()), get: () => new Promise(() => {}) }
    const [first] = tokenStoreChecks(() => hanging, {}, 0.05)
    await expect(first?.run()).rejects.toThrow('get should settle within 0.05 s')
  })

  it('fails each sequence at the same step every time', async () => {
    const change: Break = (store) => ({ delete: (key) => store.delete(key) })
    const sequences = async (): Promise<readonly unknown[]> =>
      [...(await run(change))]
        .filter(([name]) => name.startsWith('behaves like a Map'))
        .map(([name, said]) => [name, said.replace(/: .*$/, '')])
    const first = await sequences()
    expect(first).toHaveLength(3)
    expect(first[0]).toEqual([
      'behaves like a Map (sequence 1)',
      expect.stringMatching(/^sequence 1, step \d+ \(delete with a token\)$/),
    ])
    expect(await sequences()).toEqual(first)
  })
})

describe('the message of a failed check', () => {
  it.each<[string, unknown, unknown, string | undefined]>([
    ['what is equal', { a: [1, { b: null }], c: 'd' }, { c: 'd', a: [1, { b: null }] }, undefined],
    ['another value', { a: { b: [1, 2] } }, { a: { b: [1, 3] } }, "it['a']['b']['1'] should be 3, but is 2"],
    ['a member less', {}, { a: 1 }, "it should have 'a', but it is missing"],
    ['a member more', { a: 1 }, {}, "it should not have 'a'"],
    ['an array for an object', [], {}, 'it should be an object, but is an array'],
    ['an object for an array', {}, [], 'it should be an array, but is an object'],
    ['a string for undefined', 'x', undefined, "it should be undefined, but is 'x'"],
    ['null for an object', null, {}, 'it should be {}, but is null'],
  ])('names the place: %s', (_what, actual, wanted, difference) => {
    expect(jsonDifference(actual, wanted)).toBe(difference)
  })

  it('is short even if the token is long', () => {
    expect(jsonDifference({ value: 'x'.repeat(16_000) }, { value: 'y' })?.length).toBeLessThan(200)
  })
})

describe('the suite leaves nothing behind', () => {
  it('neither tokens nor locks, even if a check fails', async () => {
    const parts = emptyParts()
    const failing: Break = (store) => ({ get: async (key) => (await store.get(key)) ?? (null as unknown as undefined) })
    for (const change of [(): Partial<TokenStore> => ({}), failing]) {
      const open = (): TokenStore => {
        const store = textStore(parts)
        return { ...store, ...change(store, parts) }
      }
      for (const { run } of tokenStoreChecks(open, { shortLife: 0.05 })) await run().catch(() => undefined)
      expect([...parts.entries.keys()]).toEqual([])
      const held = [...parts.locks.values()].filter(({ until }) => until > Date.now())
      expect(held).toEqual([])
    }
  })

  it('and closes each store once', async () => {
    const parts = emptyParts()
    const open = new Set<TokenStore>()
    let made = 0
    const checks = tokenStoreChecks(
      async () => {
        await turn()
        const store = textStore(parts)
        open.add(store)
        made += 1
        return store
      },
      {
        shortLife: 0.05,
        close: async (store) => {
          await turn()
          if (!open.delete(store)) throw new Error('closed twice, or not one of ours')
        },
      },
    )
    for (const { run } of checks) await run()
    expect(made).toBeGreaterThan(checks.length)
    expect(open.size).toBe(0)
  })
})

function emptyParts(): Parts {
  return { entries: new Map(), locks: new Map(), now: Date.now }
}

describe('with a test runner', () => {
  const parts = emptyParts()
  testTokenStore(() => textStore(parts), { describe, it, shortLife: 0.2 })

  it('throws without describe and it', () => {
    expect(() => testTokenStore(() => textStore(parts))).toThrow(
      new TypeError(
        "testTokenStore requires your test runner's describe and it: testTokenStore(store, { describe, it })",
      ),
    )
  })

  it('runs under node:test', { timeout: 120_000 }, async () => {
    const file = join(import.meta.dirname, 'store-with-node-test.ts')
    const parameters = ['--conditions=@nightlatch/source', '--test', '--test-reporter=tap', file]
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const { stdout } = await promisify(execFile)(process.execPath, parameters, { env, timeout: 110_000 })
    expect(stdout).toMatch(/^# fail 0$/m)
    const checks = tokenStoreChecks(() => textStore(parts), {})
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBe(checks.length)
  })
})
