import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AccessToken, createAccessToken } from '../../src/acquire/access-token.ts'
import type { AcquiredToken, GrantTerms } from '../../src/acquire/acquire-token.ts'
import type { GrantRequest } from '../../src/acquire/token-request.ts'
import { grantIdentity } from '../../src/cache/cache-key.ts'
import { createSteadyClock } from '../../src/cache/steady-clock.ts'
import { TokenSource } from '../../src/cache/token-source.ts'
import { noDiagnostics } from '../../src/diagnostics.ts'
import { NightlatchError } from '../../src/errors.ts'

/** What may happen, in any order. Keys are scopes; indexes pick one of what is there at the time. */
type Step =
  | { readonly do: 'call'; readonly key: 'a' | 'b'; readonly refusing?: number; readonly minimum?: number }
  | { readonly do: 'abort'; readonly at: number }
  | { readonly do: 'answer'; readonly at: number; readonly lifetime: number | undefined; readonly same: boolean }
  | { readonly do: 'fail'; readonly at: number; readonly how: 'fatal' | 'passing' | 'unreadable' }
  | { readonly do: 'pass'; readonly seconds: number }
  | { readonly do: 'sleep'; readonly seconds: number }
  | { readonly do: 'set the clock'; readonly seconds: number }
  | { readonly do: 'forget' }

const key = fc.constantFrom('a' as const, 'b' as const)
const at = fc.nat(5)
const span = fc.oneof(fc.constantFrom(0.05, 0.5, 1, 2, 30, 59), fc.double({ min: 0, max: 4000, noNaN: true }))
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('call' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('call' as const), key, minimum: fc.constantFrom(1, 30, 100, 3000) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('call' as const), key, refusing: at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), at }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      at,
      lifetime: fc.constantFrom(2, 60, 3600, undefined),
      same: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      at,
      how: fc.constantFrom('fatal' as const, 'passing' as const, 'unreadable' as const),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: span }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sleep' as const), seconds: span }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('set the clock' as const),
      seconds: fc.double({ min: -4000, max: 4000, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const) }) },
)

/** What the model knows of a key: what no correct token source may contradict. */
interface KeyModel {
  /** The last token granted, since when, until when, in real seconds; `undefined` where there is none to be served. */
  token: { value: string; since: number; lifetime: number | undefined } | undefined
  /** Until then a fatal refusal stands. */
  refusedUntil: number
  /** When the last failed background refresh started. */
  failedAt: number
}

interface Grant {
  readonly key: string
  readonly terms: GrantTerms
  readonly since: number
  /** Whether `forget` came after it began. */
  forgotten: boolean
  resolve(acquired: AcquiredToken): void
  reject(error: unknown): void
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve()
}

/** Takes the steps, and looks after each of them. */
async function run(steps: readonly Step[], randoms: readonly number[]): Promise<void> {
  let real = 0
  let wall = 1_700_000_000_000
  let monotonic = 5000
  let issued = 0
  let dice = 0
  const time = createSteadyClock(
    () => wall,
    () => monotonic,
  )
  const models = new Map<string, KeyModel>(
    ['a', 'b'].map((name) => [name, { token: undefined, refusedUntil: 0, failedAt: -1 }]),
  )
  const modelOf = (name: string): KeyModel => {
    const model = models.get(name)
    if (model === undefined) throw new Error('no such key')
    return model
  }
  const grants: Grant[] = []
  const problems: unknown[] = []
  const purged = new Set<string>()
  /** How many grants began, by key. */
  const begun = new Map<string, number>()
  const callers: {
    controller: AbortController
    settled: boolean
    aborted: boolean
    refusing: string | undefined
    key: string
    minimum: number
  }[] = []
  const seen = new Map<string, AccessToken[]>()

  /** What no correct token source would ask for. */
  const judgeGrant = (name: string, terms: GrantTerms): void => {
    const model = modelOf(name)
    // Never two grants in flight for one key.
    expect(grants.filter((grant) => grant.key === name)).toHaveLength(0)
    const { token } = model
    if (terms.background) {
      // Nothing is refreshed in the first half of its life, nor at once after a failure.
      expect(token).toBeDefined()
      const age = real - (token?.since ?? 0)
      expect(age).toBeGreaterThanOrEqual((token?.lifetime ?? 60) / 2 - 0.001)
      if (model.failedAt >= 0) expect(real - model.failedAt).toBeGreaterThanOrEqual(0.1 - 0.001)
    } else {
      // No grant while a token lives, nor while a fatal refusal stands. But who was refused a token gets one that was asked
      // for after that, though another came meanwhile; and who needs a longer life gets another, though not at once.
      const waiting = callers.filter((caller) => !caller.settled || caller.aborted)
      const refused = waiting.some((caller) => caller.refusing === name)
      const age = real - (token?.since ?? 0)
      const isTooShort = ({ key, minimum }: (typeof callers)[number]): boolean =>
        key === name && (token?.lifetime ?? 60) - age < minimum + 0.001 && age > 1 - 0.001
      if (token !== undefined && !refused && !waiting.some(isTooShort))
        expect(real - token.since).toBeGreaterThanOrEqual((token.lifetime ?? 60) * 0.98 - 0.001)
      expect(real).toBeGreaterThanOrEqual(model.refusedUntil - 0.001)
    }
  }

  const acquire = (_client: unknown, { scopes }: GrantRequest, terms: GrantTerms): Promise<AcquiredToken> =>
    new Promise((resolve, reject) => {
      const name = scopes[0] ?? ''
      try {
        judgeGrant(name, terms)
      } catch (problem) {
        problems.push(problem)
      }
      begun.set(name, (begun.get(name) ?? 0) + 1)
      const grant: Grant = { key: name, terms, since: real, forgotten: false, resolve, reject }
      grants.push(grant)
      // As a request does: broken off, it is under way no more.
      terms.signal.addEventListener('abort', () => {
        grants.splice(grants.indexOf(grant), 1)
        reject(terms.signal.reason)
      })
    })

  const source = new TokenSource(
    {
      defaultGrant: { scopes: ['a'], parameters: {} },
      defaultIdentity: grantIdentity({ scopes: ['a'], parameters: {} }),
      acquire,
      sharing: undefined,
      time,
      timeout: 1000,
      timeoutError: () => new Error('late'),
      random: () => randoms[dice++ % randoms.length] ?? 0,
      provider: { name: 'acme' },
      listeners: { hasSubscribers: false },
      emit: () => {},
      diagnostics: noDiagnostics,
    },
    { read: () => Promise.reject(new Error('not asked here')), readOthers: async () => undefined },
  )

  const pick = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)]

  const call = (name: 'a' | 'b', refusing: number | undefined, minimum: number | undefined): void => {
    const controller = new AbortController()
    // Of all tokens that were ever seen: somebody may be late in noticing.
    const rejected = refusing === undefined ? undefined : pick(seen.get(name) ?? [], refusing)
    const refusingKey = rejected && name
    const caller = {
      controller,
      settled: false,
      aborted: false,
      refusing: refusingKey,
      key: name,
      minimum: minimum ?? 0,
    }
    callers.push(caller)
    const model = modelOf(name)
    const calledAt = real
    // What was purged, or replaced, reaches nobody later.
    const purgedBefore = new Set(purged)
    const inFlight = grants.some((grant) => grant.key === name)
    const begunBefore = begun.get(name)
    const living = model.token
    const lives = living !== undefined && real - living.since < (living.lifetime ?? 60) * 0.98 - 0.001
    // Nobody but those who rejected it, or need a longer life, is concerned by that.
    const suffices = rejected?.value !== living?.value && minimum === undefined
    source
      .obtain({
        signal: controller.signal,
        grant: name === 'a' ? undefined : { scopes: [name], parameters: {} },
        rejected,
        minimumLifetime: minimum,
      })
      .then(
        (token) => {
          caller.settled = true
          // Its own key's token, never another's, never the refused one unless the server has no other.
          expect(token.value.startsWith(`${name}-`)).toBe(true)
          const { endsAt } = token.extra as { endsAt: number }
          // Served from memory: it lives. (From a flight: it has just come.)
          const fromMemory = !inFlight && begun.get(name) === begunBefore
          if (fromMemory) expect(real).toBeLessThan(endsAt)
          if (fromMemory) expect(purgedBefore.has(token.value)).toBe(false)
          // Nobody waits while a token lives.
          if (lives && suffices) expect(real).toBe(calledAt)
          seen.set(name, [token, ...(seen.get(name) ?? [])])
        },
        () => {
          caller.settled = true
          // Nobody fails while a token lives.
          if (lives && suffices && !caller.aborted) throw new Error('failed though a token lives')
          const held = modelOf(name).token
          const stillLives = held !== undefined && real - held.since < (held.lifetime ?? 60) * 0.98 - 0.001
          if (stillLives && rejected === undefined && !caller.aborted) throw new Error('failed for want of life')
        },
      )
      .catch((failure: unknown) => problems.push(failure))
  }

  const answer = (grant: Grant, lifetime: number | undefined, same: boolean): void => {
    const model = modelOf(grant.key)
    const [before] = seen.get(grant.key) ?? []
    issued += 1
    // A server that has nothing but a refused token is a matter of its own: token-source.test.ts.
    const isRefused = callers.some((caller) => caller.refusing === grant.key)
    const value = same && before !== undefined && !isRefused ? before.value : `${grant.key}-${issued}`
    const endsAt = grant.since + (lifetime ?? 60)
    grants.splice(grants.indexOf(grant), 1)
    if (grant.forgotten) purged.add(value)
    else {
      if (model.token !== undefined) purged.add(model.token.value)
      purged.delete(value)
      model.token = { value, since: grant.since, lifetime }
      model.refusedUntil = 0
      model.failedAt = -1
    }
    grant.resolve({
      token: createAccessToken({ value, type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: { endsAt } }),
      requestedAt: time() - (real - grant.since) * 1000,
      lifetimeMs: lifetime === undefined ? undefined : lifetime * 1000,
      refreshInMs: undefined,
    })
  }

  const fail = (grant: Grant, how: 'fatal' | 'passing' | 'unreadable'): void => {
    const model = modelOf(grant.key)
    grants.splice(grants.indexOf(grant), 1)
    if (!grant.forgotten) {
      if (grant.terms.background) model.failedAt = grant.since
      model.refusedUntil = how === 'fatal' && !grant.terms.background ? real + 2 : 0
    }
    grant.reject(
      how === 'fatal'
        ? new NightlatchError('grant_refused', 'no', { error: 'invalid_scope' })
        : how === 'passing'
          ? new NightlatchError('endpoint_unavailable', 'down', { retryable: true })
          : new NightlatchError('response_unreadable', 'html'),
    )
  }

  for (const one of steps) {
    switch (one.do) {
      case 'call':
        call(one.key, one.refusing, one.minimum)
        break
      case 'abort': {
        const caller = pick(callers, one.at)
        if (caller === undefined || caller.settled) break
        caller.aborted = true
        caller.controller.abort()
        await settle()
        // An aborted caller is let go at once.
        expect(caller.settled).toBe(true)
        break
      }
      case 'answer': {
        const grant = pick(grants, one.at)
        if (grant !== undefined) answer(grant, one.lifetime, one.same)
        break
      }
      case 'fail': {
        const grant = pick(grants, one.at)
        if (grant !== undefined) fail(grant, one.how)
        break
      }
      case 'pass':
        real += one.seconds
        wall += one.seconds * 1000
        monotonic += one.seconds * 1000
        break
      case 'sleep':
        real += one.seconds
        wall += one.seconds * 1000
        break
      case 'set the clock':
        // Somebody looked just before; that nobody did is the limit that steady-clock.ts tells of.
        time()
        wall += one.seconds * 1000
        // Set forward, it makes time pass: what is held may be taken for expired, which costs a grant and no more.
        if (one.seconds > 0) real += one.seconds
        break
      case 'forget':
        for (const model of models.values()) Object.assign(model, { token: undefined, refusedUntil: 0, failedAt: -1 })
        for (const grant of grants) grant.forgotten = true
        await source.forget()
        break
    }
    await settle()
    if (problems.length > 0) throw problems[0]
  }

  // In the end every caller settles.
  for (let round = 0; round < 100 && grants.length > 0; round += 1) {
    for (const grant of [...grants]) answer(grant, 3600, false)
    await settle()
  }
  if (problems.length > 0) throw problems[0]
  expect(callers.every(({ settled }) => settled)).toBe(true)
}

/** A caller that rejected nothing waits for a replacement, which fails after an earlier request brought a token. */
const queuedBehindAnother: [Step[], number[]] = [
  [
    { do: 'call', key: 'a' },
    { do: 'answer', at: 0, lifetime: 2, same: false },
    { do: 'sleep', seconds: 2 },
    { do: 'call', key: 'a' },
    { do: 'call', key: 'a', refusing: 0 },
    { do: 'call', key: 'a' },
    { do: 'answer', at: 0, lifetime: 2, same: false },
    { do: 'fail', at: 0, how: 'fatal' },
  ],
  [0],
]

describe('token source, whatever happens', () => {
  it('L1 to L12: never two grants for a key, never an expired token, never another key’s, nobody waits or fails while one lives, everybody settles', async () => {
    const randoms = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), randoms, (steps, dice) => run(steps, dice)),
      { numRuns: 5000, examples: [queuedBehindAnother] },
    )
  })
})
