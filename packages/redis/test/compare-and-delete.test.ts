import { describe, expect, it } from 'vitest'
import { compareAndDeleteBy } from '../src/compare-and-delete.ts'
import { type RedisCommands, toCommands } from '../src/redis-client.ts'
import { connect, packageNames } from './servers/clients.ts'
import { onServers } from './servers/on-servers.ts'
import { kinds, startServer } from './servers/server.ts'

const safe = (): boolean => true
const refused = async (): Promise<never> => {
  throw new Error("NOPERM User app has no permissions to run the 'eval' command")
}

/** The commands of a server in a Map, and a record of those that were called. */
function pretend(refusals: Partial<RedisCommands> = {}): {
  readonly commands: RedisCommands
  readonly kept: Map<string, string>
  readonly calls: string[]
} {
  const kept = new Map<string, string>()
  const calls: string[] = []
  const deleteIf = (key: string, value: string): boolean => kept.get(key) === value && kept.delete(key)
  const all: RedisCommands = {
    get: async (key) => kept.get(key) ?? null,
    set: async (key, value) => kept.set(key, value),
    setIfAbsent: async () => null,
    expireIfEqual: async (key, equal) => (deleteIf(key, equal) ? 'OK' : null),
    delete: async (key) => Number(kept.delete(key)),
    runScript: async (_script, key, parameter) => Number(deleteIf(key, parameter)),
    ...refusals,
  }
  const commands = Object.fromEntries(
    Object.entries(all).map(([name, command]) => [
      name,
      (...parameters: readonly unknown[]) => {
        calls.push(name)
        return (command as (...parameters: readonly unknown[]) => unknown)(...parameters)
      },
    ]),
  ) as unknown as RedisCommands
  return { commands, kept, calls }
}

const ways: readonly (readonly [string, Partial<RedisCommands>, readonly string[]])[] = [
  ['a script', {}, ['runScript']],
  ['a conditional set, where scripts are forbidden', { runScript: refused }, ['expireIfEqual']],
  ['a look before, where that is unknown too', { runScript: refused, expireIfEqual: refused }, ['get', 'delete']],
]

describe.each(ways)('compare and delete, by %s', (_name, refusals, expected) => {
  it('deletes a key that still holds the value, and no other', async () => {
    const { commands, kept } = pretend(refusals)
    const compareAndDelete = compareAndDeleteBy(commands)
    kept.set('a', 'one')
    expect(await compareAndDelete('a', 'another', safe)).toBe(false)
    expect(kept.get('a')).toBe('one')
    expect(await compareAndDelete('a', 'one', safe)).toBe(true)
    expect(kept.has('a')).toBe(false)
    expect(await compareAndDelete('a', 'one', safe)).toBe(false)
  })

  it('does not repeat a command that was rejected once', async () => {
    const { commands, kept, calls } = pretend(refusals)
    const compareAndDelete = compareAndDeleteBy(commands)
    kept.set('a', 'one')
    await compareAndDelete('a', 'one', safe)
    kept.set('a', 'two')
    calls.length = 0
    await compareAndDelete('a', 'two', safe)
    expect(calls).toEqual(expected)
  })
})

describe('without scripts and conditions', () => {
  it('deletes nothing that another process may have written meanwhile', async () => {
    const { commands, kept, calls } = pretend({ runScript: refused, expireIfEqual: refused })
    kept.set('a', 'one')
    expect(await compareAndDeleteBy(commands)('a', 'one', () => false)).toBe(false)
    expect(calls).not.toContain('delete')
    expect(kept.get('a')).toBe('one')
  })

  it('deletes nothing if the read itself took too long', async () => {
    let isSafe = true
    const { commands, calls } = pretend({
      runScript: refused,
      expireIfEqual: refused,
      get: async () => {
        isSafe = false
        return 'one'
      },
    })
    expect(await compareAndDeleteBy(commands)('a', 'one', () => isSafe)).toBe(false)
    expect(calls).not.toContain('delete')
  })
})

it('another error does not switch to the next way', async () => {
  const failing = async (): Promise<never> => {
    throw new Error('READONLY')
  }
  const { commands, calls } = pretend({ runScript: failing })
  await expect(compareAndDeleteBy(commands)('a', 'one', safe)).rejects.toThrow('READONLY')
  expect(calls).toEqual(['runScript'])
})

it('a way that failed is not kept as the best', async () => {
  let isUp = false
  const { commands, calls } = pretend({
    runScript: async () => {
      throw new Error(isUp ? 'READONLY' : 'NOPERM')
    },
    expireIfEqual: refused,
    get: refused,
  })
  const compareAndDelete = compareAndDeleteBy(commands)
  await expect(compareAndDelete('a', 'one', safe)).rejects.toThrow('NOPERM')
  isUp = true
  calls.length = 0
  await expect(compareAndDelete('a', 'one', safe)).rejects.toThrow('READONLY')
  expect(calls).toEqual(['runScript'])
})

onServers(kinds.map((kind) => [kind]))('on %s', (kind) => {
  it.each(packageNames)('%s deletes a key that still holds the value, and no other', async (name) => {
    await using server = await startServer(kind)
    await using connected = await connect(name, server)
    const commands = toCommands(connected.client) as RedisCommands
    for (const chosen of [commands, { ...commands, runScript: refused }]) {
      const compareAndDelete = compareAndDeleteBy(chosen)
      await commands.set('a', 'one', 60_000)
      expect(await compareAndDelete('a', 'another', safe)).toBe(false)
      expect(await commands.get('a')).toBe('one')
      expect(await compareAndDelete('a', 'one', safe)).toBe(true)
      expect(await commands.get('a')).toBeNull()
    }
  })
})
