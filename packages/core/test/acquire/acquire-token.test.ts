import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AccessToken } from '../../src/acquire/access-token.ts'
import { acquireToken, CurrentCredentials, type Grantor } from '../../src/acquire/acquire-token.ts'
import type { AssertionSource } from '../../src/acquire/assertion-source.ts'
import type { Credentials, GrantClient } from '../../src/acquire/credentials.ts'
import type { Provider } from '../../src/acquire/provider.ts'
import type { GrantRequest } from '../../src/acquire/token-request.ts'
import { NightlatchError } from '../../src/errors.ts'
import type { ClientEvent } from '../../src/events.ts'
import { withDeadline } from '../../src/platform/deadline.ts'
import { createClient } from '../../src/provider-client.ts'
import { stopTimers } from '../virtual-time.ts'
import { waitUntil } from '../wait-until.ts'
import { failureOf } from './failure-of.ts'
import { networkTransport } from './network-transport.ts'
import { findLeaks } from './printings.ts'
import { json, type RecordingServer, startRecordingServer } from './recording-server.ts'

const clientSecret = 'MARKED-secret-c0de'
const issued = 'MARKED-token-beef'
const empty: GrantRequest = { scopes: [], parameters: {} }

let server: RecordingServer
beforeAll(async () => {
  server = await startRecordingServer()
})
afterEach(() => {
  vi.useRealTimers()
})

beforeEach(() => {
  server.answer(json({ access_token: issued, token_type: 'Bearer', expires_in: 3600, refresh_token: 'x', kept: 1 }))
})
afterAll(() => server.close())

interface Trial extends Grantor {
  readonly events: readonly ClientEvent[]
  /** Seconds for the whole grant. */
  readonly timeout: number
  readonly credentials: GrantClient
}

/** A grant as a flight makes it: within a deadline. */
async function acquire(trial: Trial, grant: GrantRequest): Promise<AccessToken> {
  const { timeout } = trial
  const late = (): NightlatchError => new NightlatchError('timed_out', 'late', { provider: 'acme', retryable: true })
  const { token } = await withDeadline(timeout, late, (signal) =>
    acquireToken(trial, trial.credentials, grant, { signal, seconds: timeout, background: false }),
  )
  return token
}

const readOnly = (read: () => Promise<Credentials>): GrantClient => ({
  read,
  readOthers: async () => undefined,
})

function grantor(provider: Partial<Provider> = {}, overrides: Partial<Trial> = {}): Trial {
  const events: ClientEvent[] = []
  return {
    provider: { name: 'acme', tokenEndpoint: `${server.origin}/token`, ...provider },
    transport: networkTransport,
    timeout: 10,
    credentials: readOnly(async () => ({ clientId: 'app', clientSecret })),
    random: () => 0,
    findEndpoint: async () => ({ url: new URL(`${server.origin}/token?key=MARKED-query`), issuer: undefined }),
    emit: (event) => events.push(event),
    events,
    ...overrides,
  }
}

function jwt(claims: unknown): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'ES512' })}.${part(claims)}.sig`
}

/** Waits until the server has seen so many requests. */
const untilAsked = (times: number): Promise<void> => waitUntil(() => server.requests.length >= times)

/**
 * The three attempts of ten seconds have two thirds of them, two thirds of what is left then, and the rest.
 *
 * @param untilUnderWay waits until so many attempts are where they are to be overtaken by their deadline
 */
async function outlastAttempts(untilUnderWay = untilAsked): Promise<void> {
  for (const [before, seconds] of [6.7, 2.3, 1.1].entries()) {
    await untilUnderWay(before + 1)
    await vi.advanceTimersByTimeAsync(seconds * 1000)
  }
}

/** Counts the responses that have begun. */
function countResponses(trial: Trial): { readonly counted: Trial; untilAnswered: (times: number) => Promise<void> } {
  let responses = 0
  const fetch: typeof globalThis.fetch = async (...request) => {
    const response = await trial.transport.fetch(...request)
    responses += 1
    return response
  }
  const counted = { ...trial, transport: { ...trial.transport, fetch } }
  return { counted, untilAnswered: (times) => waitUntil(() => responses >= times) }
}

describe('acquireToken: the token', () => {
  it('R1: what the answer says is what the token has', async () => {
    const token = await acquire(grantor(), empty)
    expect(token.value).toBe(issued)
    expect(token.type).toBe('Bearer')
    expect(token.extra).toEqual({ refresh_token: 'x', kept: 1 })
    expect(findLeaks(token, [issued])).toEqual([])
  })

  it.each([
    ['the granted ones', 'a b', ['x', 'y'], ['a', 'b']],
    ['the requested ones where the answer names none', undefined, ['x', 'y'], ['x', 'y']],
    ['the requested ones where the answer names an empty one', '', ['x'], ['x']],
    ['undefined where neither names one', undefined, [], undefined],
  ])('R1: scopes are %s', async (_, scope, asked, scopes) => {
    server.answer(json({ access_token: issued, scope }))
    expect((await acquire(grantor(), { scopes: asked, parameters: {} })).scopes).toEqual(scopes)
  })

  it("L3: sorting a token's scopes does not change the next token request", async () => {
    server.answer(json({ access_token: issued }))
    const grant: GrantRequest = { scopes: ['b', 'a'], parameters: {} }
    const token = await acquire(grantor(), grant)
    try {
      ;(token.scopes as string[]).sort()
    } catch {
      // A frozen list is fine too.
    }
    expect(grant.scopes).toEqual(['b', 'a'])
  })

  it('R4: a slow answer: the life counts from before the request', async () => {
    const start = Date.parse('2026-11-20T12:00:00Z')
    let time = start
    server.answer((response, request) => {
      time += 9000
      json({ access_token: issued, expires_in: 10 })(response, request)
    })
    const trial = grantor()
    const transport = { ...trial.transport, now: () => time, time: () => time }
    const token = await acquire({ ...trial, transport }, empty)
    expect(token.expiresAt).toEqual(new Date(start + 10_000))
    expect(trial.events).toEqual([
      { type: 'token.granted', provider: 'acme', duration: 9, attempt: 1, background: false, lifetime: 10 },
    ])
  })

  it('R4: credentials and metadata that are slow to come cost no life: the request had not been sent', async () => {
    const start = Date.parse('2026-11-20T12:00:00Z')
    let time = start
    server.answer(json({ access_token: issued, expires_in: 10 }))
    const trial = grantor()
    const token = await acquire(
      {
        ...trial,
        transport: { ...trial.transport, now: () => time },
        credentials: readOnly(async () => {
          time += 5000
          return { clientId: 'app', clientSecret }
        }),
      },
      empty,
    )
    expect(token.expiresAt).toEqual(new Date(start + 15_000))
  })

  it("R1: the server's hint when to refresh is in milliseconds, or undefined", async () => {
    const trial = grantor()
    const terms = { signal: new AbortController().signal, seconds: 10, background: false }
    const hinted = async (refresh_in: unknown): Promise<number | undefined> => {
      server.answer(json({ access_token: issued, refresh_in }))
      return (await acquireToken(trial, trial.credentials, empty, terms)).refreshInMs
    }
    expect(await hinted(600)).toBe(600_000)
    expect(await hinted('600')).toBe(600_000)
    expect(await hinted(-600)).toBeUndefined()
    expect(await hinted(undefined)).toBeUndefined()
  })

  it("R3: Prevu3D's real answer: the default, or unknown", async () => {
    const start = Date.parse('2026-11-20T12:00:00Z')
    const accessToken = jwt({ id: 'x', ver: 1, kid: 'cloud-platform', sessionExpiresAt: start + 60_000 })
    server.answer(json({ hasError: false, expiresIn: -1_752_054_750, accessToken }))
    const at = { transport: { ...grantor().transport, now: () => start } }
    expect((await acquire(grantor({ defaultLifetime: 600 }, at), empty)).expiresAt).toEqual(new Date(start + 600_000))
    const trial = grantor({}, at)
    expect((await acquire(trial, empty)).expiresAt).toBeUndefined()
    expect(trial.events).toMatchObject([{ type: 'token.granted', lifetime: undefined }])
    expect(trial.events[0]).not.toHaveProperty('suspectsMilliseconds')
  })

  it('R2: says that a lifetime looks like milliseconds', async () => {
    server.answer(json({ access_token: issued, token_type: 'Bearer', expires_in: 3_600_000 }))
    const trial = grantor()
    await acquire(trial, empty)
    expect(trial.events).toMatchObject([{ type: 'token.granted', lifetime: 3_600_000, suspectsMilliseconds: true }])
  })

  it("R3: a JWT's exp, with our clock an hour behind the server's", async () => {
    const serverNow = Date.parse('2026-11-20T13:00:00Z')
    const ours = serverNow - 3_600_000
    const date = new Date(serverNow).toUTCString()
    server.answer(json({ access_token: jwt({ exp: serverNow / 1000 + 900 }), expires_in: null }, 200, { date }))
    const token = await acquire(grantor({}, { transport: { ...grantor().transport, now: () => ours } }), empty)
    expect(token.expiresAt).toEqual(new Date(ours + 900_000))
  })
})

describe('acquireToken: the deadline', () => {
  it('G7: a server that never answers: timed_out in time, and the connection is closed', async () => {
    server.answer(() => {})
    stopTimers()
    const trial = grantor({}, { timeout: 10 })
    const failing = failureOf(acquire(trial, empty))
    await outlastAttempts()
    const failure = await failing
    expect(failure).toMatchObject({ code: 'timed_out', provider: 'acme', retryable: true, status: undefined })
    expect(findLeaks(failure, [clientSecret, 'MARKED-query'])).toEqual([])
    await Promise.all(server.requests.map(({ connectionClosed }) => connectionClosed))
    expect(trial.events.at(-1)).toMatchObject({ type: 'grant.failed', error: { code: 'timed_out' } })
    expect(trial.events[0]).toMatchObject({ type: 'grant.retried', error: { code: 'timed_out' } })
    expect(JSON.stringify(trial.events)).not.toContain('MARKED')
  })

  it('G7: an answer that stops in the middle: timed_out in time, and the connection is closed', async () => {
    server.answer((response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"access_token":')
    })
    stopTimers()
    const { counted, untilAnswered } = countResponses(grantor())
    const failing = failureOf(acquire(counted, empty))
    await outlastAttempts(untilAnswered)
    expect(await failing).toMatchObject({ code: 'timed_out' })
    await Promise.all(server.requests.map(({ connectionClosed }) => connectionClosed))
  })

  it('G7: an answer that trickles without an end does not push the deadline away', async () => {
    let pieces = 0
    server.answer((response) => {
      response.writeHead(200)
      const trickle = setInterval(() => response.write(' ', () => (pieces += 1)), 2)
      response.once('close', () => clearInterval(trickle))
    })
    stopTimers()
    const { counted, untilAnswered } = countResponses(grantor())
    const failing = failureOf(acquire(counted, empty))
    await outlastAttempts(async (times) => {
      await untilAnswered(times)
      const before = pieces
      await waitUntil(() => pieces > before + 2)
    })
    expect(await failing).toMatchObject({ code: 'timed_out' })
    await Promise.all(server.requests.map(({ connectionClosed }) => connectionClosed))
  })

  it.each<[string, Partial<Trial>]>([
    ['credentials that never come', { credentials: readOnly(() => new Promise(() => {})) }],
    ['an endpoint that is never found', { findEndpoint: () => new Promise(() => {}) }],
  ])('G7: %s: timed_out, and nothing is sent', async (_, overrides) => {
    stopTimers()
    const fetch = vi.fn<typeof globalThis.fetch>()
    const trial = grantor({}, { transport: { ...grantor().transport, fetch }, ...overrides })
    const failing = failureOf(acquire(trial, empty))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await failing).toMatchObject({ code: 'timed_out', provider: 'acme', retryable: true })
    expect(fetch).not.toHaveBeenCalled()
  })

  it('G7: a transport that ignores the signal is not waited for', async () => {
    stopTimers()
    const transport = { ...grantor().transport, fetch: () => new Promise<Response>(() => {}) }
    const failing = failureOf(acquire(grantor({}, { transport }), empty))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await failing).toMatchObject({ code: 'timed_out' })
  })
})

describe('acquireToken: the credentials', () => {
  it('L8, X1: what the credentials function throws reaches the caller as it is, and an event without its words', async () => {
    const sealed = new RangeError(`vault sealed by ${clientSecret}`)
    const trial = grantor({}, { credentials: readOnly(() => Promise.reject(sealed)) })
    await expect(acquire(trial, empty)).rejects.toBe(sealed)
    expect(server.requests).toEqual([])
    expect(trial.events).toMatchObject([{ type: 'grant.failed', attempt: 1, error: { code: 'invalid_options' } }])
    expect(trial.events).toMatchObject([{ error: { message: expect.stringContaining('RangeError') } }])
    expect(findLeaks(trial.events, [clientSecret])).toEqual([])
  })

  it('L8: in the background, too, a credentials function that fails is reported', async () => {
    const trial = grantor({}, { credentials: readOnly(() => Promise.reject(new Error('vault sealed'))) })
    const terms = { signal: new AbortController().signal, seconds: 10, background: true }
    await expect(acquireToken(trial, trial.credentials, empty, terms)).rejects.toThrow('vault sealed')
    expect(trial.events).toMatchObject([{ type: 'grant.failed', background: true }])
  })
})

describe('acquireToken: events', () => {
  it('X1: a grant emits one event, without the token', async () => {
    const trial = grantor()
    await acquire(trial, empty)
    expect(trial.events).toHaveLength(1)
    expect(trial.events[0]).toMatchObject({ type: 'token.granted', provider: 'acme', attempt: 1, background: false })
    expect(findLeaks(trial.events, [issued, clientSecret, 'MARKED-query'])).toEqual([])
  })

  it('X1: a failed grant emits one event, with the error that the caller gets, without the secret', async () => {
    server.answer(json({ error: 'invalid_client', error_description: `wrong secret ${clientSecret}` }, 401))
    const trial = grantor({ explain: () => ['Is the secret right?'] })
    const failure = await failureOf(acquire(trial, empty))
    expect(trial.events).toHaveLength(1)
    expect(trial.events[0]).toMatchObject({ type: 'grant.failed', provider: 'acme' })
    expect(trial.events[0]).toHaveProperty('error', failure)
    expect(failure.hints).toEqual(['Is the secret right?'])
    expect(findLeaks([trial.events, failure], [clientSecret, 'MARKED-query'])).toEqual([])
  })
})

describe('acquireToken: repetitions', () => {
  const down = (): void => server.answer(json({}, 503))

  it('G9: a transient failure is retried twice, with an event each', async () => {
    down()
    const trial = grantor()
    await expect(acquire(trial, empty)).rejects.toMatchObject({ code: 'endpoint_unavailable', status: 503 })
    expect(server.requests).toHaveLength(3)
    expect(trial.events.map((event) => [event.type, 'attempt' in event && event.attempt])).toEqual([
      ['grant.retried', 1],
      ['grant.retried', 2],
      ['grant.failed', 3],
    ])
  })

  it('L6: a background refresh is not retried', async () => {
    down()
    const trial = grantor()
    const terms = { signal: new AbortController().signal, seconds: 10, background: true }
    await expect(acquireToken(trial, trial.credentials, empty, terms)).rejects.toMatchObject({ status: 503 })
    expect(server.requests).toHaveLength(1)
    expect(trial.events).toMatchObject([{ type: 'grant.failed', background: true, attempt: 1 }])
  })

  it('G9: what is not our error is not repeated, whatever it looks like', async () => {
    const foreign = Object.assign(new Error('of the signing service'), {
      code: 'endpoint_unavailable',
      retryable: true,
    })
    const sign = vi.fn(() => Promise.reject(foreign))
    const trial = grantor({ clientAuthentication: { name: 'own', authenticate: sign } })
    await expect(acquire(trial, empty)).rejects.toBe(foreign)
    expect(sign).toHaveBeenCalledTimes(1)
    expect(trial.events.map(({ type }) => type)).toEqual(['grant.failed'])
  })

  it('L4: an aborted grant is not reported as retried', async () => {
    const controller = new AbortController()
    const reason = new NightlatchError('timed_out', 'late', { retryable: true })
    server.answer(() => controller.abort(reason))
    const trial = grantor()
    const terms = { signal: controller.signal, seconds: 10, background: false }
    await expect(acquireToken(trial, trial.credentials, empty, terms)).rejects.toBe(reason)
    // A whole grant in between leaves time for any event that would follow.
    server.answer(json({ access_token: issued }))
    await acquire(grantor(), empty)
    expect(trial.events).toMatchObject([{ type: 'grant.failed', attempt: 1 }])
  })

  it('L4: a grant that was cancelled is no failure: there is no event', async () => {
    const controller = new AbortController()
    const reason = new Error('nobody waits')
    server.answer(() => controller.abort(reason))
    const trial = grantor()
    const terms = { signal: controller.signal, seconds: 10, background: true }
    await expect(acquireToken(trial, trial.credentials, empty, terms)).rejects.toBe(reason)
    expect(trial.events).toEqual([])
  })

  it('G9: the last attempt has all the time that is left', async () => {
    server.answer(() => {})
    stopTimers()
    const settled = vi.fn()
    const failing = failureOf(acquire(grantor(), empty).finally(settled))
    for (const [before, seconds] of [6.7, 2.3, 0.9].entries()) {
      await untilAsked(before + 1)
      await vi.advanceTimersByTimeAsync(seconds * 1000)
    }
    // After 9.9 s of 10.
    expect(settled).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(200)
    expect(await failing).toMatchObject({ code: 'timed_out' })
  })

  it('G9: a wait ends with the deadline, and leaves nothing behind', async () => {
    server.answer(json({}, 503, { 'retry-after': '3' }))
    stopTimers()
    const trial = grantor({}, { timeout: 2 })
    await expect(acquire(trial, empty)).rejects.toMatchObject({ status: 503, retryAfter: 3 })
    expect(server.requests).toHaveLength(1)
  })

  it('G7: if a server never answers, the error names the whole timeout, not that of the last attempt', async () => {
    server.answer(() => {})
    stopTimers()
    const trial = grantor()
    const terms = { signal: new AbortController().signal, seconds: 10, background: false }
    const failing = failureOf(acquireToken(trial, trial.credentials, empty, terms).then(() => undefined))
    await outlastAttempts()
    expect((await failing).message).toMatch(/did not give a token within 10 s$/)
    expect(server.requests).toHaveLength(3)
  })

  it('L8: credentials read anew are sent once more, beside the repetitions', async () => {
    server.answer(json({ error: 'invalid_client' }, 401))
    const next = { clientId: 'app', clientSecret: 'MARKED-next' }
    const trial = grantor(
      {},
      { credentials: { read: async () => ({ clientId: 'app', clientSecret }), readOthers: async () => next } },
    )
    await expect(acquire(trial, empty)).rejects.toMatchObject({ error: 'invalid_client' })
    expect(server.requests).toHaveLength(2)
    expect(server.requests[1]?.headers.authorization).toBe(`Basic ${Buffer.from('app:MARKED-next').toString('base64')}`)
    expect(trial.events.map(({ type }) => type)).toEqual(['grant.retried', 'grant.failed'])
    expect(findLeaks(trial.events, ['MARKED-next', clientSecret])).toEqual([])
  })

  it('L8: credentials read anew take no repetition from the transient failures that follow', async () => {
    const statuses = [401, 503, 503]
    server.answer((response, request) => {
      const status = statuses.shift()
      const body = status === undefined ? { access_token: issued } : {}
      json(body, status ?? 200)(response, request)
    })
    const next = { clientId: 'app', clientSecret: 'MARKED-next' }
    const read = async (): Promise<Credentials> => ({ clientId: 'app', clientSecret })
    const trial = grantor({}, { credentials: { read, readOthers: async () => next } })
    expect((await acquire(trial, empty)).value).toBe(issued)
    expect(server.requests).toHaveLength(4)
  })

  it.each(['invalid_client', 'unauthorized_client', 'access_denied', 'invalid_grant'])(
    'L8: %s means that other credentials may be accepted, whatever the status',
    async (error) => {
      server.answer(json({ error }, 403))
      const read = async (): Promise<Credentials> => ({ clientId: 'app', clientSecret })
      const next = { clientId: 'app', clientSecret: 'MARKED-next' }
      const trial = grantor({}, { credentials: { read, readOthers: async () => next } })
      await expect(acquire(trial, empty)).rejects.toMatchObject({ error })
      expect(server.requests).toHaveLength(2)
    },
  )

  it('L8: if the credentials cannot be read again, the error is that of the grant', async () => {
    server.answer(json({ error: 'invalid_client' }, 401))
    const read = async (): Promise<Credentials> => ({ clientId: 'app', clientSecret })
    const readOthers = vi.fn(() => Promise.reject(new RangeError('vault sealed')))
    const trial = grantor({}, { credentials: { read, readOthers } })
    await expect(acquire(trial, empty)).rejects.toMatchObject({ code: 'grant_refused', error: 'invalid_client' })
    expect(readOthers).toHaveBeenCalledTimes(1)
    expect(server.requests).toHaveLength(1)
  })

  it('L8: a 401 without a code is a refused client, too; another refusal is not', async () => {
    for (const [status, body, sent] of [
      [401, {}, 2],
      [400, { error: 'invalid_scope' }, 1],
    ] as const) {
      server.answer(json(body, status))
      const read = async (): Promise<Credentials> => ({ clientId: 'app', clientSecret })
      const trial = grantor({}, { credentials: { read, readOthers: read } })
      await expect(acquire(trial, empty)).rejects.toMatchObject({ status })
      expect(server.requests).toHaveLength(sent)
    }
  })
})

describe('acquireToken: rotation', () => {
  const next = { clientId: 'app', clientSecret: 'MARKED-next' }
  const basic = `Basic ${Buffer.from('app:MARKED-next').toString('base64')}`

  it.each([
    [401, { error: 'invalid_client' }],
    [400, { error: 'invalid_client' }],
    [400, { error: 'unauthorized_client' }],
    [403, { error: 'unauthorized_client' }],
    [403, { error: 'access_denied' }],
    [400, { error: 'access_denied' }],
    [400, { error: 'invalid_grant' }],
    [403, { error: 'invalid_grant' }],
    [401, { error: 'some_code_of_a_vendor' }],
    [401, { message: 'who are you?' }],
    [401, {}],
  ])(
    'L8: a rejection with %d and %o is healed by credentials that were rotated, in the same call',
    async (status, body) => {
      for (const background of [false, true]) {
        server.answer((response, request) =>
          json(
            request.headers.authorization === basic ? { access_token: issued } : body,
            request.headers.authorization === basic ? 200 : status,
          )(response, request),
        )
        const readOthers = vi.fn(async () => next)
        const trial = grantor(
          {},
          { credentials: { read: async () => ({ clientId: 'app', clientSecret }), readOthers } },
        )
        const terms = { signal: new AbortController().signal, seconds: 10, background }
        const acquired = await acquireToken(trial, trial.credentials, empty, terms)
        expect(acquired.token.value).toBe(issued)
        expect(acquired.grantedTo).toBe(next)
        expect(readOthers).toHaveBeenCalledTimes(1)
        expect(trial.events).toMatchObject([{ type: 'grant.retried', wait: 0 }, { type: 'token.granted' }])
        expect(server.requests).toHaveLength(2)
      }
    },
  )

  it.each([
    [400, { error: 'invalid_scope' }],
    [400, { error: 'invalid_request' }],
    [400, { error: 'unsupported_grant_type' }],
    [403, { error: 'insufficient_scope' }],
    [400, {}],
  ])('L8: for a rejection with %d and %o the credentials are not read again', async (status, body) => {
    server.answer(json(body, status))
    const readOthers = vi.fn(async () => next)
    const trial = grantor({}, { credentials: { read: async () => ({ clientId: 'app', clientSecret }), readOthers } })
    await expect(acquire(trial, empty)).rejects.toMatchObject({ status })
    expect(readOthers).not.toHaveBeenCalled()
    expect(server.requests).toHaveLength(1)
  })
})

describe('through createClient', () => {
  const credentials = { clientId: 'app', clientSecret }

  it('X1: a failed grant shows neither secret nor query, to the caller or to the listener', async () => {
    server.answer((response, request) => {
      const said = `${request.headers.authorization} ${request.body} ${clientSecret}`
      json({ error: 'invalid_client', error_description: said }, 401)(response, request)
    })
    const events: ClientEvent[] = []
    const client = createClient(
      { name: 'acme', tokenEndpoint: `${server.origin}/token?key=MARKED-query` },
      { credentials, onEvent: (event) => events.push(event) },
    )
    const failure = await failureOf(client.token())
    const basic = Buffer.from(`app:${clientSecret}`).toString('base64')
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client' })
    expect(events).toContainEqual(expect.objectContaining({ type: 'grant.failed' }))
    expect(findLeaks([failure, ...events], [clientSecret, basic, 'MARKED-query'])).toEqual([])
    expect(findLeaks(client, [clientSecret, basic])).toEqual([])
  })

  it('X1: a client prints no secret and no token', async () => {
    const client = createClient({ name: 'acme', tokenEndpoint: `${server.origin}/token` }, { credentials })
    const token = await client.token()
    expect(token.value).toBe(issued)
    expect(findLeaks(client, [clientSecret, issued])).toEqual([])
  })

  it('G7: a deadline and what follows it: a hung credentials function is asked again', async () => {
    const asked = vi
      .fn<() => Promise<typeof credentials>>(async () => credentials)
      .mockImplementationOnce(() => new Promise(() => {}))
    const client = createClient({ name: 'acme', tokenEndpoint: `${server.origin}/token` }, { credentials: asked })
    stopTimers()
    const failing = failureOf(client.token())
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await failing).toMatchObject({ code: 'timed_out' })
    await expect(client.token()).resolves.toHaveProperty('value', issued)
    expect(asked).toHaveBeenCalledTimes(2)
  })

  it('G7: metadata that hangs: every failure is timed_out, and the next call reads it again', async () => {
    let sent = 0
    const countedFetch: typeof fetch = (...request) => {
      sent += 1
      return fetch(...request)
    }
    const client = createClient({ name: 'acme', issuer: server.origin }, { credentials, fetch: countedFetch })
    server.answer(() => {})
    stopTimers()
    const failing = failureOf(client.token())
    await untilAsked(1)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await failing).toMatchObject({ code: 'timed_out' })
    server.answer((response, request) =>
      request.method === 'GET'
        ? json({ issuer: server.origin, token_endpoint: `${server.origin}/token` })(response, request)
        : json({ access_token: issued })(response, request),
    )
    // A read that hangs ends within half of the time, and is followed by another. Then no more time passes.
    const before = sent
    const next = client.token()
    await waitUntil(async () => {
      if (sent === before) await vi.advanceTimersByTimeAsync(100)
      return sent > before
    })
    await expect(next).resolves.toHaveProperty('value', issued)
  })

  it('G7: metadata whose read another call started: what fails is a NightlatchError with a code', async () => {
    const client = createClient({ name: 'acme', issuer: server.origin }, { credentials, timeout: 0.1 })
    server.answer(() => {})
    const first = failureOf(client.token())
    const second = failureOf(client.token({ scopes: ['other'] }))
    expect(await first).toMatchObject({ code: 'timed_out' })
    expect(await second).toMatchObject({ code: 'timed_out' })
  })
})

const old: Credentials = { clientId: 'app', clientSecret: 'old' }
const next: Credentials = { clientId: 'app', clientSecret: 'next' }
const rejection = new NightlatchError('grant_refused', 'no', { status: 401, error: 'invalid_client' })
const toJwt = (sub: string): string => `e30.${Buffer.from(JSON.stringify({ sub })).toString('base64url')}.signature`

async function read(others: () => Promise<Credentials | undefined>, source?: AssertionSource) {
  const readOthers = vi.fn<GrantClient['readOthers']>(others)
  const readFirst = vi.fn<GrantClient['read']>(async () => old)
  const controller = new AbortController()
  const { signal } = controller
  const client = { read: readFirst, readOthers }
  const credentials = await CurrentCredentials.read(client, { source, now: Date.now, signal, timeout: 7 })
  return { credentials, readFirst, readOthers, controller }
}

describe('the credentials of one request', () => {
  it('are read within the time of the request', async () => {
    const { credentials, readFirst, controller } = await read(async () => undefined)
    expect(credentials.current).toBe(old)
    expect(credentials.assertions).toBeUndefined()
    expect(readFirst.mock.calls).toEqual([[controller.signal, 7]])
  })

  it('L8: are replaced once if the server rejects them', async () => {
    const { credentials, readOthers, controller } = await read(async () => next)
    expect(await credentials.renewAfter(rejection)).toBe(true)
    expect(credentials.current).toBe(next)
    expect(readOthers.mock.calls).toEqual([[old, controller.signal]])
    expect(await credentials.renewAfter(rejection)).toBe(false)
    expect(readOthers).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['another grant error', new NightlatchError('grant_refused', 'no', { status: 400, error: 'invalid_scope' })],
    ['another error', new TypeError('invalid_client')],
  ])('L8: stay after %s', async (_, failure) => {
    const { credentials, readOthers } = await read(async () => next)
    expect(await credentials.renewAfter(failure)).toBe(false)
    expect(readOthers).not.toHaveBeenCalled()
  })

  it.each([
    ['are no others', async () => undefined],
    ['are none to be read', () => Promise.reject(new Error('vault sealed'))],
  ])('L8: stay if there %s, and may be replaced after the next rejection', async (_, others) => {
    const { credentials, readOthers } = await read(others)
    expect(await credentials.renewAfter(rejection)).toBe(false)
    expect(credentials.current).toBe(old)
    readOthers.mockResolvedValueOnce(next)
    expect(await credentials.renewAfter(rejection)).toBe(true)
    expect(credentials.current).toBe(next)
  })

  it.each([
    ['another JWT', ['a', 'b'], true],
    ['the same JWT', ['a', 'a'], false],
    ['no JWT', ['a', undefined], false],
  ])('L8: a source that returns %s after a rejection', async (_, subjects, isRenewed) => {
    const left = [...subjects]
    const { credentials } = await read(
      async () => undefined,
      () => {
        const subject = left.shift()
        return subject === undefined ? 'no JWT' : toJwt(subject)
      },
    )
    await credentials.assertions?.read()
    expect(await credentials.renewAfter(rejection)).toBe(isRenewed)
    if (isRenewed) expect((await credentials.assertions?.read())?.jwt).toBe(toJwt('b'))
    expect(credentials.current).toBe(old)
  })

  it('L8: a source is asked as well if there are other credentials, and may fail then', async () => {
    const source = vi.fn(() => toJwt('a'))
    const { credentials } = await read(async () => next, source)
    await credentials.assertions?.read()
    source.mockImplementationOnce(() => {
      throw new Error('no platform')
    })
    expect(await credentials.renewAfter(rejection)).toBe(true)
    expect(source).toHaveBeenCalledTimes(2)
  })

  it('G7: a source that hangs ends with the deadline', async () => {
    const source = vi.fn<AssertionSource>(() => toJwt('a'))
    const { credentials, controller } = await read(async () => undefined, source)
    await credentials.assertions?.read()
    source.mockReturnValueOnce(new Promise(() => {}))
    const renewed = credentials.renewAfter(rejection)
    controller.abort()
    expect(await renewed).toBe(false)
  })
})
