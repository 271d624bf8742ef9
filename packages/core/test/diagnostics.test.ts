import { AsyncLocalStorage } from 'node:async_hooks'
import { type ChannelListener, channel, subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createDiagnostics, errorKind, noDiagnostics, toReportableError, withoutMessage } from '../src/diagnostics.ts'
import { type ClientEvent, createClient, createClientPool, memoryStore, NightlatchError } from '../src/index.ts'
import { findLeaks } from './acquire/printings.ts'
import { stopTimers } from './virtual-time.ts'

const names = ['nightlatch:grant', 'nightlatch:store', 'nightlatch:discovery'] as const
type Seen = { readonly name: string; readonly stage: string; readonly message: Readonly<Record<string, unknown>> }

/** Everything that is published until it is disposed of; copies, for messages fill up. */
function watch(): { seen: Seen[]; events: ClientEvent[]; [Symbol.dispose](): void } {
  const seen: Seen[] = []
  const events: ClientEvent[] = []
  const undo: (() => void)[] = []
  for (const name of names) {
    for (const stage of ['start', 'end', 'asyncStart', 'asyncEnd', 'error']) {
      const listen: ChannelListener = (message) => seen.push({ name, stage, message: { ...(message as object) } })
      subscribe(`tracing:${name}:${stage}`, listen)
      undo.push(() => unsubscribe(`tracing:${name}:${stage}`, listen))
    }
  }
  const hear: ChannelListener = (event) => events.push(event as ClientEvent)
  subscribe('nightlatch:event', hear)
  undo.push(() => unsubscribe('nightlatch:event', hear))
  return {
    seen,
    events,
    [Symbol.dispose]() {
      for (const one of undo) one()
    },
  }
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('the channels of the process', () => {
  it('show the events of clients that were there before anybody looked', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const own: ClientEvent[] = []
    const client = createClient({ name: 'acme', tokenEndpoint }, { credentials })
    const heard = createClient(
      { name: 'heard', tokenEndpoint },
      { credentials, onEvent: (event) => void own.push(event) },
    )
    await client.token()
    {
      using watched = watch()
      await client.token()
      await heard.token()
      expect(watched.events).toMatchObject([
        { type: 'token.served', provider: 'acme', from: 'memory' },
        { type: 'token.granted', provider: 'heard' },
        { type: 'token.served', provider: 'heard', from: 'grant' },
      ])
      expect(own).toEqual(watched.events.slice(1))
    }
    await client.token()
    expect(channel('nightlatch:event').hasSubscribers).toBe(false)
  })

  it('X1: show grants, stores and discoveries in the stages of a promise, and no secret', async () => {
    await using emulator = await startEmulator(standardEmulation({ clientSecret: 'MARKED-secret' }))
    const { tokenEndpoint, credentials, apiUrl } = emulator
    const provider = {
      name: 'acme',
      tokenEndpoint,
      api: async () => ({ baseUrl: apiUrl, info: 'here' }),
    }
    using watched = watch()
    const client = createClient(provider, { credentials, store: memoryStore() })
    await client.info()
    const stages = (name: string): readonly string[] =>
      watched.seen.filter((one) => one.name === name).map(({ stage }) => stage)
    const once = ['start', 'end', 'asyncStart', 'asyncEnd']
    expect(stages('nightlatch:grant')).toEqual(once)
    expect(stages('nightlatch:discovery')).toEqual(once)
    const operations = watched.seen.filter(({ name, stage }) => name === 'nightlatch:store' && stage === 'start')
    expect(operations.map(({ message }) => message.operation)).toEqual(['get', 'lock', 'get', 'get', 'set', 'release'])
    expect(stages('nightlatch:store').length).toBe(6 * once.length)
    const last = (name: string): object | undefined => watched.seen.findLast((one) => one.name === name)?.message
    expect(last('nightlatch:grant')).toEqual({
      provider: 'acme',
      background: false,
      url: tokenEndpoint,
      attempt: 1,
      // The token's own `exp` is earlier if the machine was busy meanwhile.
      lifetime: expect.any(Number),
      result: undefined,
    })
    expect(last('nightlatch:discovery')).toEqual({ provider: 'acme', baseUrl: apiUrl, result: undefined })
    expect(last('nightlatch:store')).toEqual({
      provider: 'acme',
      operation: 'release',
      reason: undefined,
      result: undefined,
    })
    const { value } = await client.token()
    expect(findLeaks([watched.seen, watched.events], ['MARKED-secret', value])).toEqual([])
  })

  it('X1: show only the harmless part of a failure, and the caller gets the failure itself', async () => {
    // A store that failed is left alone for a second.
    stopTimers()
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, apiUrl } = emulator
    const sealed = new RangeError('MARKED-words')
    const broken = (): Promise<never> => Promise.reject(Object.assign(new Error('MARKED-words'), { code: 'EPIPE' }))
    using watched = watch()
    const client = createClient(
      { name: 'acme', tokenEndpoint, api: apiUrl },
      { credentials: async () => Promise.reject(sealed) },
    )
    await expect(client.token()).rejects.toBe(sealed)
    await createClient(
      { name: 'acme', tokenEndpoint },
      { credentials: emulator.credentials, store: { get: broken, set: broken, delete: broken } },
    ).token()
    const errors = watched.seen.filter(({ stage }) => stage === 'error')
    expect(errors).toMatchObject([
      { name: 'nightlatch:grant', message: { error: { code: 'invalid_options' } } },
      { name: 'nightlatch:store', message: { operation: 'get', reason: 'EPIPE' } },
    ])
    expect(findLeaks([watched.seen, watched.events], ['MARKED-words'])).toEqual([])
  })

  it('L3: carry the asynchronous context of the call that asked, also if its request was queued', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const callers = new AsyncLocalStorage<string>()
    const grants: (string | undefined)[] = []
    const onGrant: ChannelListener = () => void grants.push(callers.getStore())
    subscribe('tracing:nightlatch:grant:start', onGrant)
    try {
      const client = createClient({ name: 'acme', tokenEndpoint }, { credentials })
      const rejected = await createClient({ name: 'acme', tokenEndpoint }, { credentials }).token()
      grants.length = 0
      const { promise: allCalled, resolve: answer } = Promise.withResolvers<undefined>()
      emulator.faults.set('token', { name: 'answer', answer: () => allCalled })
      const first = callers.run('first', () => client.token())
      // The request in flight may bring the rejected token, so another one is queued.
      const queued = callers.run('queued', () => client.token({ rejected }))
      const joined = callers.run('joined', () => client.token({ rejected }))
      answer(undefined)
      await Promise.all([first, queued, joined])
      expect(grants).toEqual(['first', 'queued'])
    } finally {
      unsubscribe('tracing:nightlatch:grant:start', onGrant)
    }
  })

  it('give a bound store to what happens inside', async () => {
    const inside = new AsyncLocalStorage<string>()
    const { start } = tracingChannel('nightlatch:grant')
    start.bindStore(inside, () => 'within the grant')
    try {
      const seen: (string | undefined)[] = []
      await using emulator = await startEmulator(standardEmulation())
      const { tokenEndpoint, credentials } = emulator
      const fetch: typeof globalThis.fetch = (...request) => {
        seen.push(inside.getStore())
        return globalThis.fetch(...request)
      }
      await createClient({ name: 'acme', tokenEndpoint }, { credentials, fetch }).token()
      expect(seen).toEqual(['within the grant'])
      expect(inside.getStore()).toBeUndefined()
    } finally {
      start.unbindStore(inside)
    }
  })

  it('are not there on platforms without them, and nothing is missed', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    const nowhere = [
      undefined,
      {},
      { getBuiltinModule: () => undefined },
      { getBuiltinModule: () => ({ channel: () => ({ hasSubscribers: false }) }) },
      {
        getBuiltinModule: () => {
          throw new Error('no such module')
        },
      },
    ]
    using watched = watch()
    for (const process of nowhere) {
      vi.stubGlobal('process', process)
      const diagnostics = createDiagnostics()
      const client = createClient({ name: 'acme', tokenEndpoint }, { credentials })
      vi.unstubAllGlobals()
      expect(diagnostics).toBe(noDiagnostics)
      expect((await client.token()).type).toBe('Bearer')
    }
    expect(watched.events).toEqual([])
  })

  it('L1: cost a client that nobody looks at no more than their names', async () => {
    const diagnostics = createDiagnostics()
    const work = async (): Promise<string> => 'done'
    const message = { provider: 'acme', baseUrl: undefined }
    expect(diagnostics.bind(work)).toBe(work)
    expect(await diagnostics.trace('discovery', message, work)).toBe('done')
    expect(message).toEqual({ provider: 'acme', baseUrl: undefined })
    expect(await noDiagnostics.trace('discovery', message, work)).toBe('done')
    expect(noDiagnostics.bind(work)).toBe(work)
  })

  it('fail no work where a platform fails to trace it, or knows no asynchronous contexts', async () => {
    const audience = { hasSubscribers: true }
    const tracePromise = (): Promise<void> => Promise.reject(new Error('not here'))
    const broken = { start: audience, tracePromise }
    const channels = { channel: () => audience, tracingChannel: () => broken }
    for (const hooks of [undefined, {}, { AsyncLocalStorage: {} }]) {
      vi.stubGlobal('process', {
        getBuiltinModule: (name: string) => (name === 'node:diagnostics_channel' ? channels : hooks),
      })
      const diagnostics = createDiagnostics()
      const work = async (): Promise<string> => 'done'
      expect(await diagnostics.trace('discovery', { provider: 'acme', baseUrl: undefined }, work)).toBe('done')
      expect(diagnostics.bind(work)).toBe(work)
      vi.unstubAllGlobals()
    }
  })

  it('carry the context of the call that asked to who looks at the store alone', () => {
    const callers = new AsyncLocalStorage<string>()
    const listen: ChannelListener = () => {}
    subscribe('tracing:nightlatch:store:start', listen)
    try {
      const bound = callers.run('first', () => createDiagnostics().bind(() => callers.getStore()))
      expect(callers.run('second', bound)).toBe('first')
    } finally {
      unsubscribe('tracing:nightlatch:store:start', listen)
    }
  })

  it('show the clients of a pool', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, credentials } = emulator
    await using pool = createClientPool({ name: 'acme', tokenEndpoint }, { credentials: () => credentials })
    using watched = watch()
    await pool.client('one').token()
    await pool.client('two').token()
    expect(watched.events.map(({ type }) => type)).toEqual([
      ...['token.granted', 'token.served'],
      ...['token.granted', 'token.served'],
    ])
  })
})

describe('a failure that is not of this library', () => {
  it('X1: shows its kind only', () => {
    class Sealed extends Error {
      override name = 'SealedVault'
    }
    expect(errorKind(new Sealed())).toBe('SealedVault')
    expect(errorKind(Object.assign(new Error('x'), { name: 'secret=MARKED' }))).toBe('Error')
    expect(errorKind(Object.assign(new Error('x'), { name: 'Secret=MARKED' }))).toBe('Error')
    expect(errorKind(Object.assign(new Error('x'), { name: 1 }))).toBe('Error')
    expect(errorKind(Object.assign(new Error('x'), { name: ['Kind'] }))).toBe('Error')
    expect(errorKind('MARKED')).toBe('no Error')
    expect(withoutMessage(new RangeError('MARKED')).message).toBe(
      'RangeError; its message is withheld because it may hold a secret',
    )
    const own = new NightlatchError('timed_out', 'late')
    expect(withoutMessage(own)).toBe(own)
  })
})

describe('toReportableError', () => {
  it('X1: a NightlatchError stays as it is, and only the type of another error is shown', () => {
    const failure = new NightlatchError('endpoint_unavailable', 'down', { provider: 'acme' })
    expect(toReportableError('acme', failure)).toBe(failure)
    const reportable = toReportableError('acme', new RangeError('MARKED'))
    expect(reportable).toMatchObject({ code: 'invalid_options', provider: 'acme' })
    expect(reportable.message).toContain('threw (RangeError)')
    expect(findLeaks(reportable, ['MARKED'])).toEqual([])
  })
})
