import type { Cluster, Redis } from 'ioredis'
import type { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type RedisClient, readText, toCommands } from '../src/redis-client.ts'
import { connect, packageNames } from './servers/clients.ts'
import { onServers } from './servers/on-servers.ts'
import { kinds, startServer } from './servers/server.ts'

describe('the type of a client', () => {
  it('accepts clients of both packages, without a cast', () => {
    expectTypeOf<ReturnType<typeof createClient>>().toExtend<RedisClient>()
    expectTypeOf<ReturnType<typeof createClientPool>>().toExtend<RedisClient>()
    expectTypeOf<ReturnType<typeof createCluster>>().toExtend<RedisClient>()
    expectTypeOf<ReturnType<typeof createSentinel>>().toExtend<RedisClient>()
    expectTypeOf<
      ReturnType<typeof createClient<Record<never, never>, Record<never, never>, Record<never, never>, 3>>
    >().toExtend<RedisClient>()
    expectTypeOf<Redis>().toExtend<RedisClient>()
    expectTypeOf<Cluster>().toExtend<RedisClient>()
  })

  it('accepts nothing else', () => {
    expectTypeOf<Map<string, string>>().not.toExtend<RedisClient>()
    expectTypeOf<{ get(key: string): Promise<string> }>().not.toExtend<RedisClient>()
  })
})

describe('an unsupported client', () => {
  it.each([undefined, null, 'redis://localhost', {}, new Map(), { get() {}, set() {}, del() {}, eval() {} }])(
    'is rejected: %s',
    (client) => {
      expect(toCommands(client)).toBeUndefined()
    },
  )
})

describe('a reply', () => {
  it('is decoded from text or bytes', () => {
    expect(readText('tökèn')).toBe('tökèn')
    expect(readText(new TextEncoder().encode('tökèn'))).toBe('tökèn')
    expect(readText(null)).toBeUndefined()
    expect(readText(1)).toBeUndefined()
  })
})

onServers(kinds.map((kind) => [kind]))('the commands, on %s', (kind) => {
  it.each(packageNames)('are sent as documented, by %s', async (name) => {
    await using server = await startServer(kind)
    await using connected = await connect(name, server)
    const commands = toCommands(connected.client)
    if (commands === undefined) throw new Error('it was not taken for a client')

    await commands.set('a', 'one', 60_000)
    expect(await commands.get('a')).toBe('one')
    expect(Number(await connected.send('PTTL', 'a'))).toBeGreaterThan(50_000)
    expect(await commands.setIfAbsent('a', 'two', 60_000)).toBeNull()
    expect(await commands.setIfAbsent('b', 'two', 60_000)).toBe('OK')
    expect(Number(await connected.send('PTTL', 'b'))).toBeGreaterThan(50_000)
    expect(await commands.runScript('return {KEYS[1], ARGV[1]}', 'a', 'x')).toEqual(['a', 'x'])
    expect(await commands.delete('a')).toBe(1)
    expect(await commands.get('a')).toBeNull()
  })

  it('keep the key prefix of ioredis', async () => {
    await using server = await startServer(kind)
    await using connected = await connect('ioredis', server, { keyPrefix: 'app:' })
    await using plain = await connect('ioredis', server)
    const commands = toCommands(connected.client)
    await commands?.set('a', 'one', 60_000)
    expect(await plain.send('GET', 'app:a')).toBe('one')
    expect(await commands?.runScript("return redis.call('get', KEYS[1])", 'a', 'x')).toBe('one')
  })
})
