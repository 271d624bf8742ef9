import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AccessToken, createAccessToken } from '../../src/acquire/access-token.ts'
import type { AcquiredToken, GrantTerms } from '../../src/acquire/acquire-token.ts'
import type { GrantRequest } from '../../src/acquire/token-request.ts'
import { grantIdentity } from '../../src/cache/cache-key.ts'
import { memoryStore } from '../../src/cache/memory-store.ts'
import { createSteadyClock } from '../../src/cache/steady-clock.ts'
import { shareTokens } from '../../src/cache/token-sharing.ts'
import { TokenSource } from '../../src/cache/token-source.ts'
import type { TokenStore } from '../../src/cache/token-store.ts'
import { noDiagnostics } from '../../src/diagnostics.ts'
import { NightlatchError } from '../../src/errors.ts'
import { pause } from '../../src/platform/deadline.ts'

/** How the store does. */
type Health = 'well' | 'failing' | 'hanging' | 'slow' | 'read-only' | 'garbage' | 'locked'

/** What may happen, in any order; a process and a scope by number. */
type Step =
  | { readonly do: 'call'; readonly process: number; readonly scope: 'a' | 'b'; readonly refusing: boolean }
  | { readonly do: 'pass' | 'sleep'; readonly milliseconds: number }
  | { readonly do: 'forget' | 'die' | 'close'; readonly process: number }
  | { readonly do: 'fall ill'; readonly health: Health }

const processes = 3
const process = fc.nat(processes - 1)
const call = fc.record({
  do: fc.constant('call' as const),
  // Or all of them.
  process: fc.nat(processes),
  scope: fc.constantFrom('a' as const, 'a' as const, 'b' as const),
  refusing: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
})
const pass = fc.record({
  do: fc.constant('pass' as const),
  milliseconds: fc.constantFrom(0, 1, 20, 60, 300, 1100, 4000),
})
/** Wall time alone: nothing is done in it. */
const sleep = fc.record({
  do: fc.constant('sleep' as const),
  milliseconds: fc.constantFrom(3000, 40_000, 58_000, 1_900_000, 3_500_000, 3_600_000),
})
const forget = fc.record({ do: fc.constant('forget' as const), process })
const wellSteps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: call },
  { weight: 6, arbitrary: pass },
  { weight: 2, arbitrary: sleep },
  { weight: 1, arbitrary: forget },
)
const allSteps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: wellSteps },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('die' as const, 'close' as const), process }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fall ill' as const),
      health: fc.constantFrom<Health>('well', 'failing', 'hanging', 'slow', 'read-only', 'garbage', 'locked'),
    }),
  },
)

const never = (): Promise<never> => new Promise(() => {})
const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** A store on another machine, whose health changes. */
function createStore(dice: () => number) {
  // Tokens are kept beyond their end, as by a store that knows no end.
  const { get, set, delete: remove } = memoryStore({ now: () => 0 })
  const { lock } = memoryStore()
  const state = { health: 'well' as Health }
  const garbage = [
    null,
    42,
    'token',
    [],
    { schema: 1 },
    { schema: 1, value: 'a-x y', type: 'Bearer', requestedAt: 0 },
    { schema: 1, value: 'b-0', type: 'Bearer', requestedAt: Number.NaN, lifetime: 3600_000, jitter: 'late' },
    { schema: 1, value: 'a-0', type: 'Bearer', requestedAt: 1000, lifetime: 1000, jitter: 7 },
  ]
  const through = async <T>(operation: keyof TokenStore, work: () => Promise<T>): Promise<T> => {
    await later(1 + dice() * 3)
    const { health } = state
    if (health === 'failing' || (health === 'read-only' && operation !== 'get')) throw new Error('down')
    if (health === 'hanging') return await never()
    if (health === 'slow') await later(dice() * 1500)
    if (health === 'garbage') return garbage[Math.floor(dice() * garbage.length)] as T
    if (health === 'locked' && operation === 'lock') return undefined as T
    return await work()
  }
  const store: Required<TokenStore> = {
    get: (key) => through('get', () => get(key)),
    set: (key, token) => through('set', () => set(key, token)),
    delete: (key, token) => through('delete', () => remove(key, token)),
    lock: (key, options) =>
      through('lock', async () => {
        const held = await lock?.(key, options)
        return held && { release: () => through('lock', () => held.release()) }
      }),
  }
  return { store, state }
}

/** A token as the authorization server knows it. */
interface Issued {
  readonly scope: string
  readonly requestedAt: number
  readonly lifetime: number
  /** Refused to somebody, or forgotten by somebody: another may be asked for. */
  isGone: boolean
}

interface Process {
  readonly source: TokenSource
  readonly state: { isAlive: boolean; forgottenAt: number }
  /** What it saw last, by scope. */
  readonly seen: Map<string, AccessToken>
  /** Scopes of which it forgot what was under way, or was refused a token meanwhile: what comes is no reason not to ask. */
  readonly purged: Set<string>
}

/** Takes the steps, and looks after each of them. */
async function run(steps: readonly Step[], randoms: readonly number[], isWell: boolean): Promise<void> {
  // Of a run that failed before this one.
  vi.clearAllTimers()
  let thrown = 0
  const dice = (): number => randoms[thrown++ % randoms.length] ?? 0
  const { store, state: storeState } = createStore(dice)
  const issued = new Map<string, Issued>()
  const underWay: { readonly scope: string; readonly process: Process; isForgotten: boolean }[] = []
  const problems: unknown[] = []
  let sleeps = 0

  /** What no fleet with a store that is well would ask for. */
  const judgeGrant = (scope: string, terms: GrantTerms, isExcused: boolean): void => {
    if (!isWell) return
    expect(underWay.filter((grant) => grant.scope === scope)).toHaveLength(0)
    for (const token of isExcused ? [] : issued.values()) {
      if (token.scope !== scope || token.isGone) continue
      const age = Date.now() - token.requestedAt
      expect(age).toBeGreaterThanOrEqual(token.lifetime * (terms.background ? 0.5 : 0.98) - 1)
    }
  }

  const start = (): Process => {
    const state = { isAlive: true, forgottenAt: 0 }
    const time = createSteadyClock(
      () => Date.now(),
      () => performance.now(),
    )
    /** What a process that died asked for never comes, and is not even done. */
    const ifAlive = <Args extends readonly unknown[], T>(work: (...args: Args) => Promise<T>) => {
      return async (...args: Args): Promise<T> => {
        if (!state.isAlive) return await never()
        const done = await work(...args)
        return state.isAlive ? done : await never()
      }
    }
    const mine = {
      get: ifAlive(store.get),
      set: ifAlive(store.set),
      delete: ifAlive(store.delete),
      lock: ifAlive(store.lock),
    }
    const acquire = async (_client: unknown, { scopes }: GrantRequest, terms: GrantTerms): Promise<AcquiredToken> => {
      const [scope = ''] = scopes
      try {
        judgeGrant(scope, terms, started.purged.has(scope))
      } catch (problem) {
        problems.push(problem)
      }
      const requestedAt = Date.now()
      const requestedTime = time()
      const grant = { scope, process: started, isForgotten: started.purged.delete(scope) }
      underWay.push(grant)
      // As a request does: broken off, it is under way no more.
      await pause(dice() / 2, terms.signal).finally(() => underWay.splice(underWay.indexOf(grant), 1))
      if (!state.isAlive) return await never()
      const lifetime = dice() < 0.5 ? 60_000 : 3600_000
      const value = `${scope}-${issued.size + 1}`
      issued.set(value, { scope, requestedAt, lifetime, isGone: grant.isForgotten })
      const expiresAt = new Date(requestedAt + lifetime)
      return {
        token: createAccessToken({ value, type: 'Bearer', scopes, expiresAt, extra: {} }),
        requestedAt: requestedTime,
        lifetimeMs: lifetime,
        refreshInMs: undefined,
      }
    }
    const provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
    const transport = { fetch, allowInsecureRequests: false, now: () => Date.now(), time }
    const sharing = shareTokens({ provider: provider, store: mine, transport: transport, timeout: 10, emit: () => {} })
    const defaultGrant = { scopes: ['a'], parameters: {} }
    const source = new TokenSource(
      {
        provider,
        listeners: { hasSubscribers: false },
        emit: () => {},
        diagnostics: noDiagnostics,
        defaultGrant,
        defaultIdentity: grantIdentity(defaultGrant),
        acquire,
        sharing,
        time,
        timeout: 10,
        timeoutError: () => new NightlatchError('timed_out', 'late', { retryable: true }),
        random: dice,
      },
      { read: async () => ({ clientId: 'robot', clientSecret: 'secret' }), readOthers: async () => undefined },
    )
    const started: Process = { source, state, seen: new Map(), purged: new Set() }
    return started
  }

  const fleet = Array.from({ length: processes }, start)
  const everStarted = [...fleet]
  const calls: { readonly process: Process; readonly scope: string; isSettled: boolean }[] = []
  const pick = (index: number): Process => {
    const picked = fleet[index]
    if (picked === undefined) throw new Error('no such process')
    return picked
  }

  /** What is under way in a process, asked for already or not yet, is no reason not to ask for another. */
  const disregard = (process: Process, scope: string): void => {
    for (const grant of underWay) grant.isForgotten ||= grant.process === process && grant.scope === scope
    const isUnderWay = calls.some((one) => one.process === process && one.scope === scope && !one.isSettled)
    if (isUnderWay) process.purged.add(scope)
  }

  /** One process forgets what was requested so far, by whichever process: it may request another, and the store may lose it. */
  const dropAll = (): void => {
    for (const token of issued.values()) token.isGone = true
    for (const grant of underWay) grant.isForgotten = true
  }

  const obtain = (process: Process, scope: 'a' | 'b', isRefusing: boolean): void => {
    const rejected = isRefusing ? process.seen.get(scope) : undefined
    const refused = rejected && issued.get(rejected.value)
    if (refused !== undefined) refused.isGone = true
    // Who was refused a token gets one that is asked for after that.
    if (rejected !== undefined) disregard(process, scope)
    const one = { process, scope, isSettled: false }
    calls.push(one)
    const sleepsBefore = sleeps
    const { forgottenAt } = process.state
    const grant = scope === 'a' ? undefined : { scopes: [scope], parameters: {} }
    process.source
      .obtain({ grant, rejected })
      .then(({ value }) => {
        one.isSettled = true
        const token = issued.get(value)
        // One that was issued, for this identity, and that lives; not the one that was refused.
        expect(token?.scope).toBe(scope)
        expect(value).not.toBe(rejected?.value)
        // Nor one from before the process forgot all, whether or not the store could delete it.
        expect(token?.requestedAt).toBeGreaterThanOrEqual(forgottenAt)
        if (token !== undefined && sleeps === sleepsBefore) {
          expect(Date.now()).toBeLessThan(token.requestedAt + token.lifetime)
        }
        process.seen.set(
          scope,
          createAccessToken({ value, type: 'Bearer', scopes: [], expiresAt: undefined, extra: {} }),
        )
      })
      // The server is always well, so nothing fails: whatever the store does.
      .catch((failure: unknown) => {
        if (process.state.isAlive) problems.push(failure)
      })
  }

  for (const step of steps) {
    switch (step.do) {
      case 'call':
        for (const process of step.process < processes ? [pick(step.process)] : fleet) {
          obtain(process, step.scope, step.refusing)
        }
        break
      case 'pass':
        await vi.advanceTimersByTimeAsync(step.milliseconds)
        break
      case 'sleep':
        // A lock that ends while its owner sleeps costs a grant, and what comes after that may be old.
        if (fleet.some(({ source }) => source.busy)) break
        sleeps += 1
        vi.setSystemTime(Date.now() + step.milliseconds)
        break
      case 'forget': {
        const process = pick(step.process)
        dropAll()
        for (const scope of ['a', 'b']) disregard(process, scope)
        process.state.forgottenAt = Date.now()
        // Until its deletions are done, they may hit an entry that another process has just written.
        void process.source.forget().then(dropAll, (failure: unknown) => problems.push(failure))
        break
      }
      case 'die':
        pick(step.process).state.isAlive = false
        fleet[step.process] = start()
        everStarted.push(pick(step.process))
        break
      case 'close':
        await pick(step.process).source.close()
        break
      case 'fall ill':
        storeState.health = step.health
        break
    }
    await vi.advanceTimersByTimeAsync(0)
    if (problems.length > 0) throw problems[0]
  }

  // In the end everybody has a token, the store agrees again, and no timer is left.
  await vi.advanceTimersByTimeAsync(11_000)
  if (problems.length > 0) throw problems[0]
  expect(calls.filter(({ process, isSettled }) => process.state.isAlive && !isSettled)).toEqual([])
  for (const { source } of everStarted) await source.close()
  await vi.advanceTimersByTimeAsync(11_000)
  expect(vi.getTimerCount()).toBe(0)
}

describe('a fleet, whatever happens', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
    // The platform's takes real time, which does not pass here.
    vi.spyOn(crypto.subtle, 'digest').mockImplementation(
      async (_algorithm, data) =>
        new Uint8Array(
          createHash('sha256')
            .update(data as Uint8Array)
            .digest(),
        ).buffer,
    )
    vi.spyOn(crypto.subtle, 'importKey').mockImplementation(async (_format, data) => data as unknown as CryptoKey)
    vi.spyOn(crypto.subtle, 'sign').mockImplementation(async (_algorithm, key, data) => {
      const hmac = createHmac('sha256', key as unknown as Uint8Array)
      return new Uint8Array(hmac.update(data as Uint8Array).digest()).buffer
    })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  const randoms = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 7 })

  // The token that one process requests is older than the other's forget(), which therefore requests its own.
  const forgetDuringGrantOfAnother: [Step[], number[]] = [
    [
      { do: 'call', process: 0, scope: 'b', refusing: false },
      { do: 'pass', milliseconds: 60 },
      { do: 'forget', process: 1 },
      { do: 'call', process: processes, scope: 'b', refusing: false },
    ],
    [0.116, 0],
  ]

  it('S2: while the store is well, never two grants at once for an identity, and one for each lifetime', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(wellSteps, { maxLength: 50 }), randoms, (steps, dice) => run(steps, dice, true)),
      { numRuns: 500, examples: [forgetDuringGrantOfAnother] },
    )
  })

  it('S3: whatever the store does and whichever process dies, no call fails or gets an expired token, or another identity’s', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(allSteps, { maxLength: 50 }), randoms, (steps, dice) => run(steps, dice, false)),
      { numRuns: 500 },
    )
  })
})
