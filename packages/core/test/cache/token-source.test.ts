import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AccessToken, createAccessToken } from '../../src/acquire/access-token.ts'
import type { AcquiredToken, GrantTerms } from '../../src/acquire/acquire-token.ts'
import type { GrantRequest } from '../../src/acquire/token-request.ts'
import { grantIdentity } from '../../src/cache/cache-key.ts'
import { acquireForFleet } from '../../src/cache/fleet-request.ts'
import { drawJitter, planLife, planRetry } from '../../src/cache/freshness.ts'
import type { TokenSharing } from '../../src/cache/token-sharing.ts'
import { TokenSource } from '../../src/cache/token-source.ts'
import { type Diagnostics, noDiagnostics } from '../../src/diagnostics.ts'
import { NightlatchError } from '../../src/errors.ts'
import type { ClientEvent } from '../../src/events.ts'

const grantOf = (...scopes: readonly string[]): GrantRequest => ({ scopes, parameters: {} })

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A token source over an authorization server whose answers, and whose time, each test controls. */
function createBench({
  lifetime = 3600,
  random = 0,
  timeout = 10,
  sharing = undefined as TokenSharing | undefined,
  listening = true,
  diagnostics = noDiagnostics as Diagnostics,
  forgetCredentials = (): void => {},
} = {}) {
  const events: ClientEvent[] = []
  let now = 1_000_000
  let issued = 0
  const pending: {
    grant: GrantRequest
    terms: GrantTerms
    answer: (more?: { lifetime?: number | undefined; value?: string; refreshIn?: number }) => AccessToken
    refuse: (error: unknown) => void
  }[] = []
  const acquire = (_client: unknown, grant: GrantRequest, terms: GrantTerms): Promise<AcquiredToken> =>
    new Promise((resolve, reject) => {
      const requestedAt = now
      pending.push({
        grant,
        terms,
        answer(more = {}) {
          issued += 1
          const seconds = 'lifetime' in more ? more.lifetime : lifetime
          const token = createAccessToken({
            value: more.value ?? `token-${issued}-${grant.scopes.join('+')}`,
            type: 'Bearer',
            scopes: grant.scopes,
            expiresAt: seconds === undefined ? undefined : new Date(requestedAt + seconds * 1000),
            extra: {},
          })
          resolve({
            token,
            requestedAt,
            lifetimeMs: seconds === undefined ? undefined : seconds * 1000,
            refreshInMs: more.refreshIn === undefined ? undefined : more.refreshIn * 1000,
          })
          return token
        },
        refuse: reject,
      })
    })
  const source = new TokenSource(
    {
      defaultGrant: grantOf('read'),
      defaultIdentity: grantIdentity(grantOf('read')),
      acquire,
      sharing,
      time: () => now,
      timeout,
      timeoutError: () => new NightlatchError('timed_out', 'late', { retryable: true }),
      random: () => random,
      provider: { name: 'acme' },
      listeners: { hasSubscribers: listening },
      emit: (event) => events.push(event),
      diagnostics,
    },
    {
      read: () => Promise.reject(new Error('not asked here')),
      readOthers: async () => undefined,
      forget: forgetCredentials,
    },
  )
  return {
    source,
    pending,
    events,
    /** The grant asked for next, once it was. */
    async next() {
      for (let turn = 0; turn < 20 && pending.length === 0; turn += 1) await Promise.resolve()
      const grant = pending.shift()
      if (grant === undefined) throw new Error('nothing was asked for')
      return grant
    },
    advance(seconds: number) {
      now += seconds * 1000
    },
  }
}

/** A store that others left a token in: issued when the bench's clock starts, for so many seconds. */
function createSharing(value: string, lifetime: number) {
  const reads: GrantRequest[] = []
  const written: string[] = []
  const token = createAccessToken({ value, type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} })
  const left = { token, requestedAt: 1_000_000, lifetimeMs: lifetime * 1000, refreshInMs: undefined }
  const sharing: TokenSharing = {
    open: async (_client, grant) => ({
      async read() {
        reads.push(grant)
        return left
      },
      write: async (acquired) => void written.push(acquired.token.value),
      forget: async () => {},
      lock: async () => undefined,
      markFailure: async () => {},
      isFailureMarked: async () => false,
    }),
    acquireForFleet,
    forget: async () => {},
  }
  return { sharing, reads, written, left }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

describe('token source', () => {
  it('L1: a fresh token is served without asking anybody', async () => {
    const { source, next, pending } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const token = await first
    expect(await source.obtain(undefined)).toBe(token)
    expect(await source.obtain({})).toBe(token)
    void source.obtain({})
    expect(source.busy).toBe(false)
    expect(pending).toHaveLength(0)
  })

  it('L3: any number of callers share one grant', async () => {
    const { source, next, pending } = createBench()
    const waiting = Array.from({ length: 1000 }, () => source.obtain(undefined))
    ;(await next()).answer()
    const tokens = new Set(await Promise.all(waiting))
    expect(tokens.size).toBe(1)
    expect(pending).toHaveLength(0)
  })

  it('L3: other scopes are another identity, in whatever order the same scopes come', async () => {
    const { source, next, pending } = createBench()
    const one = source.obtain({ grant: grantOf('a', 'b') })
    const other = source.obtain({ grant: grantOf('b', 'a') })
    const different = source.obtain({ grant: grantOf('a b') })
    ;(await next()).answer()
    ;(await next()).answer()
    expect((await one).value).toBe((await other).value)
    expect((await different).value).not.toBe((await one).value)
    expect(pending).toHaveLength(0)
  })

  it('L3: of very many identities the one not used for longest goes first, the default one never', async () => {
    const { source, next, pending } = createBench()
    const fill = async (grant: GrantRequest | undefined): Promise<void> => {
      const token = source.obtain({ grant })
      await settle()
      if (pending.length > 0) (await next()).answer()
      await token
    }
    await fill(undefined)
    for (let tenant = 0; tenant < 1001; tenant += 1) await fill(grantOf(`tenant-${tenant}`))
    await source.obtain(undefined)
    await source.obtain({ grant: grantOf('tenant-1000') })
    expect(pending).toHaveLength(0)
    void source.obtain({ grant: grantOf('tenant-0') })
    ;(await next()).answer()
  })

  it('L3: a thousand identities are held besides the default one; what is used again stays', async () => {
    const { source, next, pending } = createBench()
    const grants = Array.from({ length: 1001 }, (_, tenant) => grantOf(`tenant-${tenant}`))
    const [oldest, second] = grants
    for (const grant of grants.slice(0, 1000)) {
      const token = source.obtain({ grant })
      ;(await next()).answer()
      await token
    }
    await source.obtain({ grant: oldest })
    const last = source.obtain({ grant: grants[1000] })
    ;(await next()).answer()
    await last
    await source.obtain({ grant: oldest })
    expect(pending).toHaveLength(0)
    void source.obtain({ grant: second })
    ;(await next()).answer()
  })

  it('L3: an identity whose grant is under way is not given up for newer ones', async () => {
    const { source, next, pending } = createBench()
    const first = source.obtain({ grant: grantOf('slow') })
    const slow = await next()
    for (let tenant = 0; tenant < 1000; tenant += 1) {
      const token = source.obtain({ grant: grantOf(`tenant-${tenant}`) })
      ;(await next()).answer()
      await token
    }
    const second = source.obtain({ grant: grantOf('slow') })
    await settle()
    expect(pending).toHaveLength(0)
    const token = slow.answer()
    expect([await first, await second]).toEqual([token, token])
  })

  it('L3: the default grant, spelt out in a call, is the default one', async () => {
    const { source, next, pending } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    expect(await source.obtain({ grant: grantOf('read') })).toBe(await first)
    expect(pending).toHaveLength(0)
  })

  it('L4: it is busy as long as a grant is under way, for whatever identity', async () => {
    const { source, next } = createBench()
    expect(source.busy).toBe(false)
    for (const grant of [undefined, grantOf('a'), grantOf('b')]) {
      const token = source.obtain({ grant })
      expect(source.busy).toBe(true)
      ;(await next()).answer()
      await token
      expect(source.busy).toBe(false)
    }
  })

  it("L4: one caller's abort leaves the others waiting", async () => {
    const { source, next } = createBench()
    const controller = new AbortController()
    const leaving = source.obtain({ signal: controller.signal })
    const staying = source.obtain(undefined)
    const grant = await next()
    controller.abort(new Error('I have to go'))
    await expect(leaving).rejects.toThrow('I have to go')
    const token = grant.answer()
    expect(await staying).toBe(token)
  })

  it('L4: an aborted caller gets its own reason, and asks for nothing', async () => {
    const { source, pending } = createBench()
    await expect(source.obtain({ signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone')
    await settle()
    expect(pending).toHaveLength(0)
  })

  it('L4: the token of an abandoned flight is kept for the next caller', async () => {
    const { source, next, pending } = createBench()
    const controller = new AbortController()
    const leaving = source.obtain({ signal: controller.signal })
    const grant = await next()
    controller.abort()
    await expect(leaving).rejects.toThrow()
    const token = grant.answer()
    await settle()
    expect(await source.obtain(undefined)).toBe(token)
    expect(pending).toHaveLength(0)
  })

  it('L4: a failed flight fails all its waiters together and is forgotten', async () => {
    const { source, next, pending } = createBench()
    const waiting = [source.obtain(undefined), source.obtain(undefined), source.obtain({})]
    ;(await next()).refuse(new Error('no'))
    const results = await Promise.allSettled(waiting)
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(pending).toHaveLength(0)
    const again = source.obtain(undefined)
    ;(await next()).answer()
    expect((await again).value).toBe('token-1-read')
  })

  it('L5: ten refusals of one token cost one grant', async () => {
    const { source, next, pending } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const rejected = await first
    const waiting = Array.from({ length: 10 }, () => source.obtain({ rejected }))
    ;(await next()).answer()
    const tokens = new Set((await Promise.all(waiting)).map(({ value }) => value))
    expect([...tokens]).toEqual(['token-2-read'])
    expect(pending).toHaveLength(0)
  })

  it('L5: a refusal costs no grant where another token is there already', async () => {
    const { source, next, pending } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const rejected = await first
    const second = source.obtain({ rejected })
    ;(await next()).answer()
    expect(await source.obtain({ rejected })).toBe(await second)
    expect(pending).toHaveLength(0)
  })

  it('L5: a refusal does not join a flight that began before it, and never makes two at once', async () => {
    const { source, next, pending, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const rejected = await first
    advance(3600)
    const earlier = source.obtain(undefined)
    const grant = await next()
    const later = source.obtain({ rejected })
    await settle()
    expect(pending).toHaveLength(0)
    grant.answer()
    expect((await earlier).value).toBe('token-2-read')
    ;(await next()).answer()
    expect((await later).value).toBe('token-3-read')
  })

  it('L12: purging while a grant is under way does not bring the purged token back', async () => {
    const { source, next, pending } = createBench()
    const before = source.obtain(undefined)
    const grant = await next()
    await source.forget()
    const after = source.obtain(undefined)
    grant.answer()
    expect((await before).value).toBe('token-1-read')
    ;(await next()).answer()
    expect((await after).value).toBe('token-2-read')
    expect((await source.obtain(undefined)).value).toBe('token-2-read')
    expect(pending).toHaveLength(0)
  })

  it('L12: a refusal of a grant that was purged is not remembered', async () => {
    const { source, next } = createBench()
    const before = source.obtain(undefined)
    const grant = await next()
    await source.forget()
    const refusal = new NightlatchError('grant_refused', 'no', { error: 'invalid_client', status: 401 })
    grant.refuse(refusal)
    await expect(before).rejects.toBe(refusal)
    const after = source.obtain(undefined)
    ;(await next()).answer()
    expect((await after).value).toBe('token-1-read')
  })

  it('R3: a token of unknown lifetime is kept for a minute, not for a call and not for ever', async () => {
    const { source, next, pending, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer({ lifetime: undefined })
    await first
    advance(29)
    await source.obtain(undefined)
    expect(pending).toHaveLength(0)
    advance(32)
    const second = source.obtain(undefined)
    ;(await next()).answer()
    expect((await second).value).toBe('token-2-read')
  })

  it.each([2, 60, 3600, 40 * 24 * 3600])(
    'L2: a token of %d s is used for half its life, then refreshed in the background; no caller waits while it is valid',
    async (lifetime) => {
      const { source, next, pending, advance } = createBench({ lifetime })
      const first = source.obtain(undefined)
      ;(await next()).answer()
      const token = await first
      advance(lifetime / 2 - 0.01)
      expect(await source.obtain(undefined)).toBe(token)
      expect(pending).toHaveLength(0)
      advance(lifetime / 2 - Math.min(lifetime / 25, 10))
      expect(await source.obtain(undefined)).toBe(token)
      expect(await source.obtain({})).toBe(token)
      const refresh = await next()
      expect(refresh.terms.background).toBe(true)
      expect(pending).toHaveLength(0)
      refresh.answer()
      await settle()
      expect((await source.obtain(undefined)).value).toBe('token-2-read')
      expect(pending).toHaveLength(0)
    },
  )

  it('L2: after its end callers wait, for one grant', async () => {
    const { source, next, pending, advance } = createBench({ lifetime: 60 })
    const first = source.obtain(undefined)
    ;(await next()).answer()
    await first
    advance(60)
    const waiting = [source.obtain(undefined), source.obtain(undefined)]
    const grant = await next()
    expect(grant.terms.background).toBe(false)
    grant.answer()
    expect(new Set((await Promise.all(waiting)).map(({ value }) => value))).toEqual(new Set(['token-2-read']))
    expect(pending).toHaveLength(0)
  })

  it.each([
    [40, 4.7],
    [51, 1.95],
    [57, 1],
  ])(
    'L2: a background refresh gives up after a quarter of what is left, a second at least: at %d s of 60, %d s',
    async (age, timeout) => {
      const { source, next, advance } = createBench({ lifetime: 60 })
      const first = source.obtain(undefined)
      const grant = await next()
      expect(grant.terms.seconds).toBeCloseTo(10)
      grant.answer()
      await first
      advance(age)
      await source.obtain(undefined)
      const refresh = await next()
      expect(refresh.terms.background).toBe(true)
      expect(refresh.terms.seconds).toBeCloseTo(timeout)
      refresh.refuse(new NightlatchError('endpoint_unavailable', 'down', { retryable: true }))
      await settle()
      advance(60)
      void source.obtain(undefined)
      const last = await next()
      expect(last.terms).toMatchObject({ background: false, seconds: expect.closeTo(10) })
      last.answer()
    },
  )

  it('L2: a background refresh takes no longer than any grant', async () => {
    const { source, next, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    await first
    advance(3000)
    await source.obtain(undefined)
    expect((await next()).terms.seconds).toBeCloseTo(10)
  })

  it('L2: a token that comes with no life left is not handed to those who waited for it', async () => {
    const { source, next, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    await first
    advance(3590)
    await source.obtain(undefined)
    const refresh = await next()
    advance(49)
    const waiting = source.obtain(undefined)
    refresh.answer({ lifetime: 50 })
    ;(await next()).answer()
    expect((await waiting).value).toBe('token-3-read')
  })

  it('L2: a token of other scopes is refreshed in the background, too, and so is the client’s own', async () => {
    const { source, next, advance } = createBench()
    for (const grant of [undefined, grantOf('other')]) {
      const first = source.obtain({ grant })
      ;(await next()).answer()
      await first
    }
    advance(3000)
    for (const grant of [undefined, grantOf('other')]) {
      await source.obtain({ grant })
      const refresh = await next()
      expect(refresh.terms.background).toBe(true)
      refresh.answer()
    }
  })

  it("L2: the server's own hint is honoured", async () => {
    const { source, next, pending, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer({ refreshIn: 600 })
    await first
    advance(599)
    await source.obtain(undefined)
    expect(pending).toHaveLength(0)
    advance(2)
    await source.obtain(undefined)
    expect((await next()).terms.background).toBe(true)
  })

  it('L6: a refresh that fails is invisible, and tried again after a backoff, not at every call', async () => {
    const { source, next, pending, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const token = await first
    advance(2701)
    let attempts = 0
    for (let second = 0; second < 890; second += 1) {
      advance(1)
      expect(await source.obtain(undefined)).toBe(token)
      await settle()
      const refresh = pending.shift()
      if (refresh === undefined) continue
      attempts += 1
      refresh.refuse(new NightlatchError('endpoint_unavailable', 'down', { retryable: true }))
      await settle()
    }
    expect(attempts).toBeGreaterThan(3)
    expect(attempts).toBeLessThan(20)
  })

  it('L6: the order is the valid token first, throttles second', async () => {
    const { source, next, pending, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const token = await first
    advance(3000)
    await source.obtain(undefined)
    ;(await next()).refuse(new NightlatchError('grant_refused', 'no', { error: 'invalid_client', status: 401 }))
    await settle()
    expect(await source.obtain(undefined)).toBe(token)
    expect(pending).toHaveLength(0)
  })

  it('L6: callers that wait when the token expires get a grant of their own if the background refresh failed', async () => {
    const { source, next, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    await first
    advance(3590)
    await source.obtain(undefined)
    const refresh = await next()
    advance(60)
    const waiting = source.obtain(undefined)
    refresh.refuse(new NightlatchError('endpoint_unavailable', 'down', { retryable: true }))
    const grant = await next()
    expect(grant.terms.background).toBe(false)
    grant.answer()
    expect((await waiting).value).toBe('token-2-read')
  })

  it('L6: callers that wait when the token expires get the token of the background refresh', async () => {
    const { source, next, pending, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    await first
    advance(3590)
    await source.obtain(undefined)
    const refresh = await next()
    advance(60)
    const waiting = source.obtain(undefined)
    refresh.answer()
    expect((await waiting).value).toBe('token-2-read')
    expect(pending).toHaveLength(0)
  })

  it('L6: a token that is refused is replaced, though a refresh failed lately', async () => {
    const { source, next, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const rejected = await first
    advance(3000)
    await source.obtain(undefined)
    ;(await next()).refuse(new NightlatchError('endpoint_unavailable', 'down', { retryable: true }))
    await settle()
    const replaced = source.obtain({ rejected })
    ;(await next()).answer()
    expect((await replaced).value).toBe('token-2-read')
  })

  it('L7: a fatal refusal is remembered for seconds, longer each time, so that a loop cannot lock the account', async () => {
    const { source, pending, advance } = createBench()
    const refusal = new NightlatchError('grant_refused', 'no', { error: 'invalid_client', status: 401 })
    let grants = 0
    for (let call = 0; call < 600; call += 1) {
      advance(0.1)
      const refused = source.obtain(undefined)
      refused.catch(() => {})
      await settle()
      const grant = pending.shift()
      if (grant !== undefined) {
        grants += 1
        grant.refuse(refusal)
      }
      await expect(refused).rejects.toBe(refusal)
    }
    expect(grants).toBeLessThanOrEqual(6)
    expect(grants).toBeGreaterThanOrEqual(4)
  })

  it('L7: forget forgets a refusal, too, and a token ends it', async () => {
    const { source, next } = createBench()
    const refusal = new NightlatchError('grant_refused', 'no', { error: 'invalid_scope', status: 400 })
    const refused = source.obtain(undefined)
    ;(await next()).refuse(refusal)
    await expect(refused).rejects.toBe(refusal)
    await expect(source.obtain(undefined)).rejects.toBe(refusal)
    await source.forget()
    const again = source.obtain(undefined)
    ;(await next()).answer()
    expect((await again).value).toBe('token-1-read')
  })

  it('L7: forget forgets a refusal of the client itself', async () => {
    const { source, next } = createBench()
    const refusal = new NightlatchError('grant_refused', 'no', { error: 'invalid_client', status: 401 })
    const refused = source.obtain(undefined)
    ;(await next()).refuse(refusal)
    await expect(refused).rejects.toBe(refusal)
    await expect(source.obtain({ grant: grantOf('other') })).rejects.toBe(refusal)
    await source.forget()
    const again = source.obtain(undefined)
    ;(await next()).answer()
    expect((await again).value).toBe('token-1-read')
  })

  it('L7: after a token came, a refusal of the client is the first again, and remembered as briefly', async () => {
    const { source, next, pending, advance } = createBench({ lifetime: 60 })
    const refusal = new NightlatchError('grant_refused', 'no', { error: 'invalid_client', status: 401 })
    for (let round = 0; round < 3; round += 1) {
      const refused = source.obtain(undefined)
      ;(await next()).refuse(refusal)
      await expect(refused).rejects.toBe(refusal)
      advance(1.999)
      await expect(source.obtain(undefined)).rejects.toBe(refusal)
      expect(pending).toHaveLength(0)
      advance(0.001)
      const token = source.obtain(undefined)
      ;(await next()).answer()
      await token
      advance(60)
    }
  })

  it('L7: a refusal is remembered for its time, and not a moment longer', async () => {
    const { source, next, pending, advance } = createBench()
    const refusal = new NightlatchError('grant_refused', 'no', { error: 'invalid_client', status: 401 })
    const refused = source.obtain(undefined)
    ;(await next()).refuse(refusal)
    await expect(refused).rejects.toBe(refusal)
    advance(1.999)
    await expect(source.obtain(undefined)).rejects.toBe(refusal)
    expect(pending).toHaveLength(0)
    advance(0.001)
    const again = source.obtain(undefined)
    ;(await next()).answer()
    expect((await again).value).toBe('token-1-read')
  })

  it.each([
    Object.assign(new Error('of the credentials function'), { code: 'grant_refused', retryable: false }),
    new NightlatchError('response_unreadable', 'html'),
    new NightlatchError('endpoint_unavailable', 'down', { retryable: true }),
    new NightlatchError('timed_out', 'late', { retryable: true }),
    new TypeError('a bug'),
  ])('L7: %s is not remembered', async (failure) => {
    const { source, next } = createBench()
    const failed = source.obtain(undefined)
    ;(await next()).refuse(failure)
    await expect(failed).rejects.toBe(failure)
    const again = source.obtain(undefined)
    ;(await next()).answer()
    expect((await again).value).toBe('token-1-read')
  })

  it('L9: a server that hands out the same token again is not asked again at once', async () => {
    const { source, next, pending, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer({ value: 'same', lifetime: 100 })
    const token = await first
    let grants = 0
    for (let tenth = 0; tenth < 970; tenth += 1) {
      advance(0.1)
      expect((await source.obtain(undefined)).value).toBe(token.value)
      await settle()
      const refresh = pending.shift()
      if (refresh === undefined) continue
      grants += 1
      refresh.answer({ value: 'same', lifetime: 100 - (tenth + 1) / 10 })
      await settle()
    }
    expect(grants).toBeGreaterThan(0)
    expect(grants).toBeLessThan(30)
  })

  it('L9: the same token again is followed by a backoff, longer each time, whatever the server hints', async () => {
    const { source, next, pending, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer({ value: 'same', refreshIn: 1 })
    await first
    /** Seconds until the next refresh, by steps of one. */
    const wait = async (): Promise<number> => {
      for (let passed = 1; passed < 3000; passed += 1) {
        advance(1)
        await source.obtain(undefined)
        await settle()
        if (pending.length > 0) return passed
      }
      return Number.POSITIVE_INFINITY
    }
    expect(await wait()).toBe(1)
    ;(await next()).answer({ value: 'same', refreshIn: 1 })
    await settle()
    expect(await wait()).toBe(Math.ceil((3598 / 32) * 0.75))
    ;(await next()).answer({ value: 'same', refreshIn: 1 })
    await settle()
    expect(await wait()).toBe(Math.ceil((3598 / 16) * 0.75))
    ;(await next()).answer({ value: 'another', refreshIn: 1 })
    await settle()
    expect(await wait()).toBe(1)
  })

  it('L9: a second at least is between two refreshes that bring the same token', async () => {
    const { source, next, pending, advance } = createBench()
    const answer = { value: 'same', lifetime: 4, refreshIn: 0.1 }
    const first = source.obtain(undefined)
    ;(await next()).answer(answer)
    await first
    advance(0.1)
    await source.obtain(undefined)
    ;(await next()).answer(answer)
    await settle()
    advance(0.9)
    await source.obtain(undefined)
    await settle()
    expect(pending).toHaveLength(0)
    advance(0.1)
    await source.obtain(undefined)
    await next()
  })

  it('S2: what others left in the store is had without a grant, and not written back', async () => {
    const { sharing, written } = createSharing('left', 3600)
    const { source, pending } = createBench({ sharing })
    expect((await source.obtain(undefined)).value).toBe('left')
    expect(pending).toHaveLength(0)
    expect(written).toEqual([])
  })

  it('S2: a token is written with its jitter, early if it came in the background, and a failed refresh is marked for its backoff', async () => {
    const { sharing, left } = createSharing('left', 3600)
    const jitters: (number | undefined)[] = []
    const marks: number[] = []
    const open: TokenSharing['open'] = async (...args) => ({
      ...(await sharing.open(...args)),
      write: async ({ jitter }) => void jitters.push(jitter),
      lock: async () => () => {},
      markFailure: async (seconds) => void marks.push(seconds),
    })
    const { source, next, advance } = createBench({ sharing: { ...sharing, open }, random: 0.25 })
    const rejected = await source.obtain(undefined)
    expect(rejected).toBe(left.token)
    const replaced = source.obtain({ rejected })
    ;(await next()).answer()
    await replaced
    expect(jitters).toEqual([drawJitter(0.25, false)])
    advance(2700)
    await source.obtain(undefined)
    ;(await next()).answer()
    await settle()
    expect(jitters[1]).toBe(drawJitter(0.25, true))
    expect(marks).toEqual([])
    advance(3000)
    await source.obtain(undefined)
    ;(await next()).refuse(new NightlatchError('endpoint_unavailable', 'down', { retryable: true }))
    await settle()
    const requestedAt = 1_000_000 + 2_700_000
    const life = planLife({ requestedAt, lifetimeMs: 3_600_000, refreshInMs: undefined }, 0)
    const now = requestedAt + 3_000_000
    expect(marks).toEqual([expect.closeTo((planRetry(life, now, 0.25) - now) / 1000)])
  })

  it('S2: while a failed refresh is marked, a background refresh asks nobody, and callers are served', async () => {
    const { sharing, left } = createSharing('left', 3600)
    const open: TokenSharing['open'] = async (...args) => ({
      ...(await sharing.open(...args)),
      lock: async () => () => {},
      isFailureMarked: async () => true,
    })
    const { source, pending, advance } = createBench({ sharing: { ...sharing, open } })
    await source.obtain(undefined)
    advance(3000)
    expect(await source.obtain(undefined)).toBe(left.token)
    await settle()
    expect(pending).toHaveLength(0)
  })

  it('S3: forget() makes stale what the store still holds from before, though nothing could be deleted there', async () => {
    const { sharing, left, written } = createSharing('left', 3600)
    let requestedAt = 1_000_000
    const open: TokenSharing['open'] = async (...args) => ({
      ...(await sharing.open(...args)),
      read: async () => ({ ...left, requestedAt }),
    })
    const { source, next, pending, advance } = createBench({ sharing: { ...sharing, open } })
    expect(await source.obtain(undefined)).toBe(left.token)
    advance(10)
    await source.forget()
    const own = source.obtain(undefined)
    ;(await next()).answer()
    expect((await own).value).toBe('token-1-read')
    expect(written).toEqual(['token-1-read'])
    await source.forget()
    advance(1)
    requestedAt += 10_500
    expect(await source.obtain(undefined)).toBe(left.token)
    expect(pending).toHaveLength(0)
  })

  it('S2: what others left is due at the turn they drew', async () => {
    const { sharing, left } = createSharing('left', 3600)
    const open: TokenSharing['open'] = async (...args) => ({
      ...(await sharing.open(...args)),
      read: async () => ({ ...left, jitter: 0.5 }),
    })
    const { source, next, pending, advance } = createBench({ sharing: { ...sharing, open } })
    await source.obtain(undefined)
    advance(1800 + 1620 / 2 - 1)
    await source.obtain(undefined)
    await settle()
    expect(pending).toHaveLength(0)
    advance(1)
    await source.obtain(undefined)
    expect((await next()).terms.background).toBe(true)
  })

  it('S2: what the store still has is no replacement for itself, neither at its refusal nor when it is old', async () => {
    const { sharing, written } = createSharing('left', 3600)
    const { source, next, advance } = createBench({ sharing })
    const rejected = await source.obtain(undefined)
    advance(3000)
    await source.obtain(undefined)
    const refresh = await next()
    expect(refresh.terms.background).toBe(true)
    refresh.refuse(new NightlatchError('endpoint_unavailable', 'down', { retryable: true }))
    const replaced = source.obtain({ rejected })
    ;(await next()).answer()
    expect((await replaced).value).toBe('token-1-read')
    expect(written).toEqual(['token-1-read'])
  })

  it('S2: the very token that is old is no replacement for itself, however young its entry', async () => {
    let requestedAt = 1_000_000
    const { sharing, left } = createSharing('left', 3600)
    const open: TokenSharing['open'] = async (...args) => ({
      ...(await sharing.open(...args)),
      read: async () => ({ ...left, requestedAt }),
    })
    const { source, next, advance } = createBench({ sharing: { ...sharing, open } })
    const old = await source.obtain(undefined)
    advance(3000)
    requestedAt += 2_000_000
    expect(await source.obtain(undefined)).toBe(old)
    const refresh = await next()
    expect(refresh.terms.background).toBe(true)
    refresh.answer()
  })

  it('S2: a token in the store that has come to its end is none', async () => {
    const { sharing } = createSharing('left', 50)
    const { source, next, advance } = createBench({ sharing })
    advance(49)
    const token = source.obtain(undefined)
    ;(await next()).answer()
    expect((await token).value).toBe('token-1-read')
  })

  it('L4: a token request has a deadline of its own, after which the next caller starts another', async () => {
    const { source, next } = createBench({ timeout: 5 })
    const waiting = Promise.allSettled([source.obtain(undefined), source.obtain(undefined)])
    const hung = await next()
    await vi.advanceTimersByTimeAsync(4999)
    expect(hung.terms.signal.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    for (const result of await waiting) expect(result).toMatchObject({ reason: { code: 'timed_out' } })
    expect(hung.terms.signal.aborted).toBe(true)
    const again = source.obtain(undefined)
    ;(await next()).answer()
    expect((await again).value).toBe('token-1-read')
  })

  it('L11: after close nothing is refreshed in the background, and calls are still answered', async () => {
    const { source, next, pending, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const token = await first
    source.close()
    advance(3500)
    expect(await source.obtain(undefined)).toBe(token)
    await settle()
    expect(pending).toHaveLength(0)
    advance(100)
    const second = source.obtain(undefined)
    ;(await next()).answer()
    expect((await second).value).toBe('token-2-read')
  })

  it('L5: a rejected token is not served again, whichever request brings it', async () => {
    const { source, next, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const rejected = await first
    advance(3000)
    await source.obtain(undefined)
    const ahead = await next()
    const replaced = source.obtain({ rejected })
    ahead.refuse(new NightlatchError('endpoint_unavailable', 'down', { retryable: true }))
    ;(await next()).answer()
    expect((await replaced).value).toBe('token-2-read')
  })

  it('L5: callers that did not reject the token go on with it until another one is there', async () => {
    const { source, next, pending } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const rejected = await first
    const replaced = source.obtain({ rejected })
    const grant = await next()
    expect(await source.obtain(undefined)).toBe(rejected)
    const joined = source.obtain({ rejected })
    expect(pending).toHaveLength(0)
    const token = grant.answer()
    expect([await replaced, await joined, await source.obtain(undefined)]).toEqual([token, token, token])
    expect(pending).toHaveLength(0)
  })

  it('L5: where no other token can be had, who rejected it gets the failure, and the others go on with it', async () => {
    const { source, next, pending } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const rejected = await first
    const down = new NightlatchError('endpoint_unavailable', 'down', { retryable: true })
    for (let call = 0; call < 3; call += 1) {
      const replaced = source.obtain({ rejected })
      ;(await next()).refuse(down)
      await expect(replaced).rejects.toBe(down)
      expect(await source.obtain(undefined)).toBe(rejected)
    }
    const replaced = source.obtain({ rejected })
    const token = (await next()).answer()
    expect(await replaced).toBe(token)
    expect(await source.obtain({ rejected })).toBe(token)
    expect(pending).toHaveLength(0)
  })

  it('L5: if a replacement fails, its callers get the token that an earlier request brought meanwhile', async () => {
    const { source, next, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const rejected = await first
    advance(3600)
    const running = source.obtain(undefined)
    const earlier = await next()
    // Both wait for the request that is queued, and one of them has rejected nothing.
    const callers = [source.obtain({ rejected }), source.obtain(undefined)]
    const token = earlier.answer()
    expect(await running).toBe(token)
    ;(await next()).refuse(new NightlatchError('grant_refused', 'no', { error: 'invalid_scope' }))
    expect(await Promise.all(callers)).toEqual([token, token])
  })

  it('L5: a rejected token that expires before another one is there is served no more', async () => {
    const { source, next, advance, pending } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const rejected = await first
    const replaced = source.obtain({ rejected })
    const grant = await next()
    advance(3600)
    const later = source.obtain(undefined)
    await settle()
    expect(pending).toHaveLength(0)
    const token = grant.answer()
    expect([await replaced, await later]).toEqual([token, token])
  })

  it('L6: a replacement that failed delays no refresh for long', async () => {
    const { source, next, advance, pending } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const rejected = await first
    advance(1799)
    const replaced = source.obtain({ rejected })
    ;(await next()).refuse(new NightlatchError('endpoint_unavailable', 'down', { retryable: true }))
    await expect(replaced).rejects.toMatchObject({ code: 'endpoint_unavailable' })
    advance(40)
    expect(await source.obtain(undefined)).toBe(rejected)
    expect(pending).toHaveLength(0)
    advance(30)
    expect(await source.obtain(undefined)).toBe(rejected)
    expect((await next()).terms.background).toBe(true)
  })

  it('L2: a token with enough life left is served, and one with less is replaced by one grant for all', async () => {
    const { source, next, advance, pending } = createBench()
    const first = source.obtain({ minimumLifetime: 1800 })
    ;(await next()).answer()
    const token = await first
    advance(600)
    expect(await source.obtain({ minimumLifetime: 3000 })).toBe(token)
    const waiting = Array.from({ length: 10 }, () => source.obtain({ minimumLifetime: 3001 }))
    const grant = await next()
    expect(grant.terms.background).toBe(false)
    // Who needs less does not wait.
    expect(await source.obtain({ minimumLifetime: 60 })).toBe(token)
    expect(await source.obtain(undefined)).toBe(token)
    const another = grant.answer()
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([another]))
    expect(await source.obtain(undefined)).toBe(another)
    expect(pending).toHaveLength(0)
  })

  it('L2: a minimum lifetime that no token has causes no loop of grants', async () => {
    const { source, pending, advance } = createBench({ lifetime: 60 })
    let grants = 0
    for (let second = 0; second < 600; second += 1) {
      const token = source.obtain({ minimumLifetime: 300 })
      await settle()
      for (const grant of pending.splice(0)) {
        grants += 1
        grant.answer()
      }
      expect((await token).value).toBe(`token-${grants}-read`)
      advance(1)
    }
    // One for an eighth of a minute.
    expect(grants).toBe(75)
  })

  it('L2: of an unknown lifetime only the minute counts for which it is cached', async () => {
    const { source, next, advance, pending } = createBench()
    const first = source.obtain({ minimumLifetime: 300 })
    ;(await next()).answer({ lifetime: undefined })
    const token = await first
    advance(7)
    expect(await source.obtain({ minimumLifetime: 300 })).toBe(token)
    expect(await source.obtain({ minimumLifetime: 53 })).toBe(token)
    advance(1)
    expect(pending).toHaveLength(0)
    const second = source.obtain({ minimumLifetime: 53 })
    ;(await next()).answer({ lifetime: undefined })
    expect(await second).not.toBe(token)
  })

  it('L2: a request of its own that brings a token with too short a life is not followed by another', async () => {
    const { source, next, advance, pending } = createBench({ lifetime: 60 })
    const asked = source.obtain({ minimumLifetime: 300 })
    const request = await next()
    advance(20)
    const token = request.answer()
    await settle()
    expect(pending).toHaveLength(0)
    expect(await asked).toBe(token)
  })

  it.each([true, false])(
    'L2: who joins a request of others whose token lives too briefly asks once more, others do not; events: %o',
    async (listening) => {
      const { source, next, pending, advance } = createBench({ listening })
      const plain = source.obtain()
      const [long, enough] = [source.obtain({ minimumLifetime: 3500 }), source.obtain({ minimumLifetime: 50 })]
      const request = await next()
      advance(20)
      const brief = request.answer({ lifetime: 100 })
      expect([await plain, await enough]).toEqual([brief, brief])
      const another = (await next()).answer()
      expect(await long).toBe(another)
      await settle()
      expect(pending).toHaveLength(0)
    },
  )

  it('L2: who joins a request of others whose token lives long enough asks for no other', async () => {
    const { source, next, pending, advance } = createBench({ listening: false })
    const plain = source.obtain()
    const long = source.obtain({ minimumLifetime: 3000 })
    const request = await next()
    advance(20)
    const token = request.answer()
    expect([await plain, await long]).toEqual([token, token])
    await settle()
    expect(pending).toHaveLength(0)
  })

  it('L12: who joined a request before forget() gets its token, however long that lives, and asks for no other', async () => {
    const { source, next, pending, advance } = createBench()
    const plain = source.obtain()
    const long = source.obtain({ minimumLifetime: 3500 })
    const request = await next()
    await source.forget()
    advance(20)
    const token = request.answer({ lifetime: 100 })
    await settle()
    expect(pending).toHaveLength(0)
    expect([await plain, await long]).toEqual([token, token])
  })

  it('L6: without a token, or with one that expires meanwhile, who asks for a longer life gets the failure', async () => {
    const { source, next, advance } = createBench()
    const down = new NightlatchError('endpoint_unavailable', 'down', { retryable: true })
    const none = source.obtain({ minimumLifetime: 60 })
    ;(await next()).refuse(down)
    await expect(none).rejects.toBe(down)
    for (const [secondsLeft, isServed] of [
      [0.001, true],
      [0, false],
    ] as const) {
      const first = source.obtain()
      ;(await next()).answer({ lifetime: 1000 })
      const token = await first
      // It is served for 998 seconds.
      advance(500)
      const longer = source.obtain({ minimumLifetime: 900 })
      const request = await next()
      advance(498 - secondsLeft)
      request.refuse(down)
      if (isServed) expect(await longer).toBe(token)
      else await expect(longer).rejects.toBe(down)
      await source.forget()
    }
  })

  it('L4: who gives up waiting for a longer life gets its own reason, though the token lives', async () => {
    const { source, next, advance } = createBench()
    const first = source.obtain()
    ;(await next()).answer()
    await first
    advance(600)
    const controller = new AbortController()
    const reason = new Error('enough')
    const ended = source.obtain({ minimumLifetime: 3500, signal: controller.signal })
    controller.abort(reason)
    await expect(ended).rejects.toBe(reason)
    ;(await next()).answer()
  })

  it('L12: forget() drops the credentials, too, unless it is for one grant or asked to keep them', async () => {
    const forgetCredentials = vi.fn<() => void>()
    const { source } = createBench({ forgetCredentials })
    await source.forget(grantOf('read'))
    await source.forget(undefined, { keepCredentials: true })
    expect(forgetCredentials).not.toHaveBeenCalled()
    await source.forget(grantOf('read'), { keepCredentials: false })
    expect(forgetCredentials).toHaveBeenCalledTimes(1)
    await source.forget()
    expect(forgetCredentials).toHaveBeenCalledTimes(2)
  })

  it('L6: where no token with a longer life can be had, the living one is served, and the server is let alone for a while', async () => {
    const { source, next, advance, pending } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const token = await first
    advance(600)
    const asked = source.obtain({ minimumLifetime: 3300 })
    ;(await next()).refuse(new NightlatchError('endpoint_unavailable', 'down', { retryable: true }))
    expect(await asked).toBe(token)
    advance(50)
    expect(await source.obtain({ minimumLifetime: 3300 })).toBe(token)
    expect(pending).toHaveLength(0)
    advance(30)
    const again = source.obtain({ minimumLifetime: 3300 })
    const another = (await next()).answer()
    expect(await again).toBe(another)
    // Without a living token, the failure is the answer.
    advance(3600)
    const late = source.obtain({ minimumLifetime: 10 })
    ;(await next()).refuse(new NightlatchError('endpoint_unavailable', 'down', { retryable: true }))
    await expect(late).rejects.toMatchObject({ code: 'endpoint_unavailable' })
  })

  it('L4: who gives up waiting for a longer life gets its own reason, and the rejected token reaches nobody as one', async () => {
    const { source, next } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    const rejected = await first
    const down = new NightlatchError('endpoint_unavailable', 'down', { retryable: true })
    const replaced = source.obtain({ rejected, minimumLifetime: 60 })
    ;(await next()).refuse(down)
    await expect(replaced).rejects.toBe(down)
    const controller = new AbortController()
    const reason = new Error('enough')
    const ended = source.obtain({ minimumLifetime: 7200, rejected, signal: controller.signal })
    controller.abort(reason)
    await expect(ended).rejects.toBe(reason)
    ;(await next()).answer()
  })

  it('L2: a background refresh that brings a longer life saves the grant', async () => {
    const { source, next, advance, pending } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer()
    await first
    advance(1800)
    await source.obtain(undefined)
    const refresh = await next()
    const asked = source.obtain({ minimumLifetime: 3000 })
    await settle()
    expect(pending).toHaveLength(0)
    const token = refresh.answer()
    expect(await asked).toBe(token)
    expect(pending).toHaveLength(0)
  })

  it('S2: what others left serves a minimum lifetime if it lives so long', async () => {
    for (const [minimumLifetime, expected] of [
      [3000, 'left'],
      [3600, 'token-1-read'],
    ] as const) {
      const { sharing } = createSharing('left', 3600)
      const { source, pending, advance } = createBench({ sharing })
      advance(60)
      const token = source.obtain({ minimumLifetime })
      await settle()
      for (const grant of pending.splice(0)) grant.answer()
      expect((await token).value).toBe(expected)
    }
  })

  it('L9: a server that has nothing but the refused token is not asked for another with every call', async () => {
    const { source, next, pending, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer({ value: 'same' })
    const rejected = await first
    let grants = 0
    for (let call = 0; call < 100; call += 1) {
      advance(0.05)
      const again = source.obtain({ rejected })
      await settle()
      const grant = pending.shift()
      if (grant !== undefined) {
        grants += 1
        grant.answer({ value: 'same' })
      }
      expect((await again).value).toBe('same')
      // Who was refused nothing gets what there is, too.
      expect((await source.obtain({})).value).toBe('same')
    }
    expect(grants).toBeGreaterThanOrEqual(1)
    expect(grants).toBeLessThanOrEqual(5)
  })

  it('L9: a server that had nothing but the refused token is asked for another after a backoff', async () => {
    const { source, next, pending, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer({ value: 'same' })
    const rejected = await first
    const second = source.obtain({ rejected })
    ;(await next()).answer({ value: 'same' })
    await second
    advance(84)
    expect((await source.obtain({ rejected })).value).toBe(rejected.value)
    expect(pending).toHaveLength(0)
    advance(0.75)
    const third = source.obtain({ rejected })
    ;(await next()).answer()
    expect((await third).value).toBe('token-3-read')
  })

  it('L7: a client that is refused is not sent for other scopes, either; a scope that is refused, is', async () => {
    const { source, next, pending } = createBench()
    const refusal = new NightlatchError('grant_refused', 'no', { error: 'invalid_client', status: 401 })
    const scope = new NightlatchError('grant_refused', 'no', { error: 'invalid_scope', status: 400 })
    const first = source.obtain({ grant: grantOf('a') })
    ;(await next()).refuse(scope)
    await expect(first).rejects.toBe(scope)
    const second = source.obtain({ grant: grantOf('b') })
    ;(await next()).refuse(refusal)
    await expect(second).rejects.toBe(refusal)
    await expect(source.obtain(undefined)).rejects.toBe(refusal)
    await expect(source.obtain({ grant: grantOf('c') })).rejects.toBe(refusal)
    expect(pending).toHaveLength(0)
  })

  it('G9: in the background, too, a server that asks to wait is not asked before', async () => {
    const { source, next, pending, advance } = createBench({ lifetime: 60 })
    const first = source.obtain(undefined)
    ;(await next()).answer()
    await first
    advance(31)
    await source.obtain(undefined)
    ;(await next()).refuse(
      new NightlatchError('grant_refused', 'slow down', { status: 429, retryable: true, retryAfter: 20 }),
    )
    await settle()
    for (let second = 0; second < 19; second += 1) {
      advance(1)
      await source.obtain(undefined)
      await settle()
    }
    expect(pending).toHaveLength(0)
    advance(2)
    await source.obtain(undefined)
    expect((await next()).terms.background).toBe(true)
  })

  it('L11: close cancels background refreshes, and nothing that callers wait for', async () => {
    const { source, next } = createBench()
    const first = source.obtain(undefined)
    const waited = await next()
    source.close()
    expect(waited.terms.signal.aborted).toBe(false)
    waited.answer()
    await first

    const other = createBench()
    const token = other.source.obtain(undefined)
    ;(await other.next()).answer()
    await token
    other.advance(3000)
    await other.source.obtain(undefined)
    const ahead = await other.next()
    other.source.close()
    expect(ahead.terms.signal.aborted).toBe(true)
    await settle()
    expect(other.source.busy).toBe(false)
  })

  it('L4: a queued request has its time from when it was queued, and at least a second of it', async () => {
    for (const [timeout, queuedMs, left] of [
      [10, 6000, 4],
      [10, 9900, 1],
      [0.5, 400, 0.5],
    ] as const) {
      const { source, next } = createBench({ timeout })
      const first = source.obtain(undefined)
      const slow = await next()
      await source.forget()
      const second = source.obtain(undefined)
      await vi.advanceTimersByTimeAsync(queuedMs)
      slow.answer()
      const grant = await next()
      expect(grant.terms.seconds).toBeCloseTo(left)
      grant.answer()
      await Promise.all([first, second])
    }
  })

  it('L4: a queued request starts when the one before it passes its deadline', async () => {
    const { source, next } = createBench({ timeout: 5 })
    const first = Promise.allSettled([source.obtain(undefined)])
    await next()
    await source.forget()
    const second = source.obtain(undefined)
    await vi.advanceTimersByTimeAsync(5000)
    expect((await first)[0]).toMatchObject({ reason: { code: 'timed_out' } })
    ;(await next()).answer()
    expect((await second).value).toBe('token-1-read')
  })

  it('L4: between the end of a flight and its token’s place there is no gap to fall into', async () => {
    const { source, next, pending } = createBench()
    const first = source.obtain(undefined)
    const again = first.then(() => source.obtain(undefined))
    const more = first.then(() => Promise.resolve()).then(() => source.obtain({}))
    const result = (await next()).answer()
    expect([await first, await again, await more]).toEqual([result, result, result])
    expect(pending).toHaveLength(0)
  })

  it('L11: a token of 40 days sets no timer, and none is left after a grant', async () => {
    const { source, next } = createBench({ lifetime: 40 * 24 * 3600 })
    const first = source.obtain(undefined)
    ;(await next()).answer()
    await first
    await source.obtain(undefined)
    await settle()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('token source: what it tells of each call', () => {
  it('where the token came from, how long that took and for how long it will be served', async () => {
    const { source, next, advance, events } = createBench({ lifetime: 3600 })
    const first = source.obtain(undefined)
    const second = source.obtain({})
    const grant = await next()
    advance(2)
    grant.answer()
    await Promise.all([first, second])
    advance(8)
    await source.obtain(undefined)
    await source.obtain({ grant: grantOf('read') })
    const common = { type: 'token.served', provider: 'acme' }
    expect(events).toEqual([
      { ...common, from: 'grant', duration: 2, remaining: 3596 },
      { ...common, from: 'flight', duration: 2, remaining: 3596 },
      { ...common, from: 'memory', duration: 0, remaining: 3588 },
      { ...common, from: 'memory', duration: 0, remaining: 3588 },
    ])
  })

  it('that others left it in the store', async () => {
    const { sharing } = createSharing('left', 3600)
    const { source, events } = createBench({ sharing })
    await Promise.all([source.obtain(undefined), source.obtain(undefined)])
    expect(events).toMatchObject([{ from: 'store' }, { from: 'flight' }])
  })

  it('that a grant brought it, though there is a store', async () => {
    const { sharing } = createSharing('expired', 0)
    const { source, next, events } = createBench({ sharing })
    const granted = source.obtain(undefined)
    ;(await next()).answer()
    await granted
    expect(events).toMatchObject([{ from: 'grant' }])
  })

  it('of another identity by its own life', async () => {
    const { source, next, events } = createBench({ lifetime: 3600 })
    const other = source.obtain({ grant: grantOf('write') })
    ;(await next()).answer({ lifetime: 100 })
    await other
    expect(events).toMatchObject([{ from: 'grant', remaining: 98 }])
  })

  it('of a refused token: the other one, or the same once more', async () => {
    const { source, next, events, advance } = createBench()
    const first = source.obtain(undefined)
    ;(await next()).answer({ value: 'same' })
    const held = await first
    const again = source.obtain({ rejected: held })
    ;(await next()).answer({ value: 'same' })
    const same = await again
    advance(0.1)
    expect(await source.obtain({ rejected: same })).toBe(same)
    expect(events.map((event) => 'from' in event && event.from)).toEqual(['grant', 'grant', 'memory'])
  })

  it('and nothing of calls that fail, or that were ended', async () => {
    const { source, next, events } = createBench()
    const controller = new AbortController()
    const ended = source.obtain({ signal: controller.signal })
    const failed = source.obtain(undefined)
    controller.abort(new Error('enough'))
    ;(await next()).refuse(new NightlatchError('endpoint_unavailable', 'down'))
    await expect(ended).rejects.toThrow('enough')
    await expect(failed).rejects.toThrow('down')
    await expect(source.obtain({ signal: controller.signal })).rejects.toThrow('enough')
    expect(events).toEqual([])
  })

  it('of credentials that could not be had: how long it took, and once where they do not come', async () => {
    const { sharing } = createSharing('left', 3600)
    const sealed = Promise.withResolvers<never>()
    const bench = createBench({ sharing: { ...sharing, open: () => sealed.promise } })
    const failed = bench.source.obtain(undefined)
    await settle()
    bench.advance(2)
    sealed.reject(new Error('sealed'))
    await expect(failed).rejects.toThrow('sealed')
    expect(bench.events).toMatchObject([{ type: 'grant.failed', duration: 2, attempt: 1, background: false }])

    const hanging = createBench({ timeout: 5, sharing: { ...sharing, open: () => new Promise(() => {}) } })
    const late = expect(hanging.source.obtain(undefined)).rejects.toMatchObject({ code: 'timed_out' })
    await vi.advanceTimersByTimeAsync(5000)
    await late
    await settle()
    expect(hanging.events).toMatchObject([{ type: 'grant.failed', error: { code: 'timed_out' } }])
  })

  it('nothing of credentials that a cancelled background refresh did not wait for', async () => {
    const { sharing } = createSharing('left', 3600)
    let hangs = false
    const open: TokenSharing['open'] = (...request) => (hangs ? new Promise(() => {}) : sharing.open(...request))
    const { source, advance, events } = createBench({ sharing: { ...sharing, open } })
    await source.obtain()
    hangs = true
    advance(3500)
    await source.obtain()
    expect(source.busy).toBe(true)
    await settle()
    await source.close()
    await settle()
    expect(source.busy).toBe(false)
    expect(events.map(({ type }) => type)).toEqual(['token.served', 'token.served'])
  })

  it('L1: nothing where nobody listens, and the answer of all calls is one promise', async () => {
    const { source, next, events } = createBench({ listening: false })
    const first = source.obtain(undefined)
    ;(await next()).answer()
    await first
    expect(source.obtain(undefined)).toBe(source.obtain(undefined))
    expect(events).toEqual([])
  })
})

describe('the status of a token', () => {
  it('follows its life, and holds no token', async () => {
    const { source, next, advance } = createBench({ lifetime: 1000 })
    const epoch = 5_000_000
    expect(source.status(epoch)).toEqual({ state: 'none' })
    const pending = source.obtain()
    const grant = await next()
    expect(source.status(epoch).state).toBe('requesting')
    grant.answer()
    await pending
    expect(source.status(epoch)).toEqual({
      state: 'fresh',
      requestedAt: new Date(epoch),
      refreshAt: new Date(epoch + 500_000),
      servedUntil: new Date(epoch + 998_000),
      retryAt: undefined,
    })
    expect(JSON.stringify(source.status(epoch))).not.toContain('token-1')
    advance(600)
    expect(source.status(epoch).state).toBe('stale')
    expect(source.status(epoch).requestedAt).toEqual(new Date(epoch - 600_000))
    await source.obtain()
    const refresh = await next()
    expect(source.status(epoch)).toMatchObject({ state: 'requesting', servedUntil: expect.any(Date) })
    refresh.refuse(new NightlatchError('endpoint_unavailable', 'down', { retryable: true }))
    await vi.advanceTimersByTimeAsync(0)
    expect(source.status(epoch)).toMatchObject({ state: 'stale', retryAt: expect.any(Date) })
    advance(1000)
    expect(source.status(epoch)).toMatchObject({ state: 'none', servedUntil: undefined })
  })

  it('says until when the client is refused', async () => {
    const { source, next } = createBench()
    const pending = source.obtain()
    const grant = await next()
    const error = new NightlatchError('grant_refused', 'no', { error: 'invalid_client' })
    grant.refuse(error)
    await expect(pending).rejects.toBe(error)
    expect(source.status(0)).toMatchObject({ state: 'refused', retryAt: new Date(2000) })
  })
})
