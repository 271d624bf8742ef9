import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { StoredToken, TokenStore } from '@nightlatch/core'
import { describe, expect, it } from 'vitest'
import { createClock, type TokenStoreSuite, testTokenStore } from '../src/index.ts'
import { jsonDifference } from '../src/store-suite/json-difference.ts'
import { tokenStoreChecks } from '../src/test-token-store.ts'

/** What a store is made of: each part can be broken by itself. */
interface Parts {
  readonly entries: Map<string, { readonly text: string; readonly expiresAt: number }>
  readonly locks: Map<string, { readonly owner: object; readonly until: number }>
  readonly now: () => number
}

/** A store that does all it should, over texts in a map, and answers later, as one behind a network. */
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

/** The names of the checks that fail, with what they say. */
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

/** Each store is broken in one way, and fails in these checks. */
const broken: Readonly<Record<string, { readonly change: Break; readonly fails: readonly string[] }>> = {
  'answers with null for nothing': {
    change: (store) => ({ get: async (key) => (await store.get(key)) ?? (null as unknown as undefined) }),
    fails: someOf('returns undefined for an unknown key', 'deletes a token'),
  },
  'keeps nothing': {
    change: () => ({ set: async () => {} }),
    fails: someOf('returns a token with the fields that the core writes', 'replaces a token'),
  },
  'keeps what came first': {
    change: (store, { entries }) => ({
      set: async (key, token) => void (entries.has(key) || (await store.set(key, token))),
    }),
    fails: someOf('replaces a token'),
  },
  'answers before it has written': {
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
  'has a column that is too short': {
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
  'ends texts at a zero': {
    change: (store) => ({
      set: (key, token) => store.set(key, JSON.parse(JSON.stringify(token).replaceAll('\\u0000', ''))),
    }),
    fails: ['returns a token with empty and unusual strings'],
  },
  'takes empty texts for nothing': {
    change: (store) => ({
      set: (key, token) => store.set(key, { ...token, ...(token.empty === '' ? { empty: null } : {}) }),
    }),
    fails: ['returns a token with empty and unusual strings'],
  },
  'makes dates of texts that look like one': {
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
  'keeps the object it was given': {
    change: byReference({ copyIn: false, copyOut: true }),
    fails: someOf('stores a copy of the token'),
  },
  'gives the object it keeps': {
    change: byReference({ copyIn: true, copyOut: false }),
    fails: ['returns a copy of the stored token'],
  },
  'writes into the object it is given': {
    change: (store) => ({
      set: async (key, token) => {
        await store.set(key, token)
        Object.assign(token, { key })
      },
    }),
    fails: someOf("does not change the caller's token"),
  },
  'reads keys without case': {
    change: renaming((key) => key.toLowerCase()),
    fails: someOf('distinguishes similar keys', 'is separate for each key'),
  },
  'looks keys up by LIKE': {
    change: (store, { entries }) => ({
      get: (key) => {
        const pattern = new RegExp(`^${key.replaceAll('.', '\\.').replaceAll('_', '.')}$`)
        return store.get([...entries.keys()].find((one) => pattern.test(one)) ?? key)
      },
    }),
    fails: ['distinguishes similar keys'],
  },
  'deletes whatever begins with the key': {
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
  'fails where there is nothing to delete': {
    change: (store, { entries }) => ({
      delete: async (key, token) => {
        if (!entries.has(key)) throw new Error('no such key')
        await store.delete(key, token)
      },
    }),
    fails: someOf('accepts a delete of an unknown key'),
  },
  'deletes whatever the token': {
    change: (store) => ({ delete: (key) => store.delete(key) }),
    fails: someOf(
      'keeps a token that differs from the one to delete: another value',
      'keeps a token that differs from the one to delete: another expiresAt',
      'never deletes a token that was set at the same time',
    ),
  },
  'deletes no token that it is given': {
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
  'compares texts': {
    change: (_, { entries }) => ({
      delete: async (key, token) => {
        if (token === undefined || entries.get(key)?.text === JSON.stringify(token)) entries.delete(key)
      },
    }),
    fails: ['deletes a token whose members are in another order'],
  },
  'compares values alone': {
    change: (store, { entries }) => ({
      delete: async (key, token) => {
        const kept = entries.get(key)
        if (token === undefined || (kept && JSON.parse(kept.text).value === token.value)) await store.delete(key)
      },
    }),
    fails: someOf('keeps a token that differs from the one to delete: a missing member'),
  },
  'looks, and deletes later': {
    change: (store) => ({
      delete: async (key, token) => {
        if (token === undefined || jsonDifference(await store.get(key), token) === undefined) await store.delete(key)
      },
    }),
    fails: ['never deletes a token that was set at the same time'],
  },
  'never forgets': {
    change: unforgetting(() => Number.MAX_SAFE_INTEGER),
    fails: someOf('does not store an expired token', 'expires a token at expiresAt, not before'),
  },
  'forgets by whole minutes': {
    change: unforgetting((expiresAt) => Math.ceil(expiresAt / 60_000) * 60_000),
    fails: someOf('expires a token at expiresAt, not before'),
  },
  'keeps what is expired when it comes for a while': {
    change: (store, { now }) => ({
      set: (key, token) => store.set(key, token.expiresAt <= now() ? { ...token, expiresAt: now() + 1000 } : token),
    }),
    fails: someOf('does not store an expired token', 'deletes a token that an expired one replaces'),
  },
  'ignores what is expired when it comes': {
    change: (store, { now }) => ({
      set: async (key, token) => void (token.expiresAt > now() && (await store.set(key, token))),
    }),
    fails: someOf('deletes a token that an expired one replaces'),
  },
  'forgets by the end that was set first': {
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
  'forgets too early': {
    change: unforgetting((expiresAt, now) => now + (expiresAt - now) / 2),
    fails: ['expires a token at expiresAt, not before'],
  },
  'forgets by a timer of 32 bits': {
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
  'loses what is written at once': {
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
  'gives the lock to everybody': {
    change: () => ({ lock: async () => ({ async release() {} }) }),
    fails: someOf(
      'is held by one process at a time',
      'is granted to one of many concurrent requests',
      'is not changed by set and delete',
    ),
  },
  'looks whether the lock is free, and takes it later': {
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
  'never frees the lock': {
    change: (store) => ({
      lock: async (key, options) => (await store.lock(key, options)) && { async release() {} },
    }),
    fails: someOf('is free after its release', 'can be released twice'),
  },
  'holds the lock for ever': {
    change: (store) => ({ lock: (key) => store.lock(key, { ttl: 1e9 }) }),
    fails: ['expires after its ttl, not before', 'is not released by an expired owner'],
  },
  'takes seconds for milliseconds': {
    change: (store) => ({ lock: (key, { ttl }) => store.lock(key, { ttl: ttl / 1e9 }) }),
    fails: someOf('expires after its ttl, not before'),
  },
  'frees the lock of whoever has it': {
    change: (store, { locks }) => ({
      lock: async (key, options) => (await store.lock(key, options)) && { release: async () => void locks.delete(key) },
    }),
    fails: ['is not released by an expired owner', 'can be released twice'],
  },
  'refuses to release twice': {
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
  'keeps the lock where the token is': {
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
  'frees the lock when a token comes': {
    change: (store, { locks }) => ({
      set: async (key, token) => {
        await store.set(key, token)
        locks.delete(key)
      },
    }),
    fails: someOf('is not changed by set and delete'),
  },
  'frees the lock when a token goes': {
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

describe('the suite passes what is right', () => {
  it('a store that does all it should', async () => {
    expect(await run()).toEqual(new Map())
  })

  it('a store whose deletion is two steps, where it is said to be', async () => {
    expect(await run(broken['looks, and deletes later']?.change, { atomicDelete: false })).toEqual(new Map())
  })

  it('a store that has no lock, where it is said to have none', async () => {
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

  it('has a lock that it is said not to have', async () => {
    expect(await run(undefined, { lock: false })).toEqual(
      new Map([['is absent', 'the store has a lock: leave out `lock: false`, and it is tested']]),
    )
  })

  it('hangs', async () => {
    const hanging: TokenStore = { ...textStore(emptyParts()), get: () => new Promise(() => {}) }
    const [first] = tokenStoreChecks(() => hanging, {}, 0.05)
    await expect(first?.run()).rejects.toThrow('get should answer within 0.05 s')
  })

  it('fails each sequence by the same step every time', async () => {
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

describe('what a failed check says', () => {
  it.each<[string, unknown, unknown, string | undefined]>([
    ['what is equal', { a: [1, { b: null }], c: 'd' }, { c: 'd', a: [1, { b: null }] }, undefined],
    ['another value', { a: { b: [1, 2] } }, { a: { b: [1, 3] } }, "it['a']['b']['1'] should be 3, and is 2"],
    ['a member less', {}, { a: 1 }, "it should have 'a', and has not"],
    ['a member more', { a: 1 }, {}, "it should not have 'a'"],
    ['an array for an object', [], {}, 'it should be an object, and is an array'],
    ['an object for an array', {}, [], 'it should be an array, and is an object'],
    ['a text for nothing', 'x', undefined, "it should be undefined, and is 'x'"],
    ['null for an object', null, {}, 'it should be {}, and is null'],
  ])('names the place: %s', (_what, actual, wanted, difference) => {
    expect(jsonDifference(actual, wanted)).toBe(difference)
  })

  it('is short where the token is long', () => {
    expect(jsonDifference({ value: 'x'.repeat(16_000) }, { value: 'y' })?.length).toBeLessThan(200)
  })
})

describe('the suite leaves nothing behind', () => {
  it('neither tokens nor locks, whether a check fails or not', async () => {
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

  it('and closes each store that was made for it, once', async () => {
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

  it('says what it needs where there is none', () => {
    expect(() => testTokenStore(() => textStore(parts))).toThrow(
      new TypeError("testTokenStore needs your test runner's describe and it: testTokenStore(store, { describe, it })"),
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
