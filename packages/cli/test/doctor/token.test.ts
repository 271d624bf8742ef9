import {
  type Prevu3dEmulator,
  prevu3dEmulation,
  type SmartCompletionsEmulator,
  type StandardEmulator,
  smartCompletionsEmulation,
  standardEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { nightlatch } from '../run-nightlatch.ts'
import { expectNothingSecret, hexagonEnv, prevu3dEnv, seeDoctor } from './see-doctor.ts'

// The pauses before the tries of the probe pass on this clock alone.
const paused = vi.hoisted(() => ({ milliseconds: 0 }))
vi.mock('node:timers/promises', () => ({
  async setTimeout(milliseconds: number) {
    paused.milliseconds += milliseconds
  },
}))

let prevu3d: Prevu3dEmulator
let hexagon: SmartCompletionsEmulator
beforeEach(async () => {
  prevu3d = await startEmulator(prevu3dEmulation())
  hexagon = await startEmulator(smartCompletionsEmulation())
})
const running: { close(): Promise<void> }[] = []
afterEach(() => Promise.all([prevu3d, hexagon, ...running.splice(0)].map((emulator) => emulator.close())))

const startStandard = async (options: Parameters<typeof standardEmulation>[0]): Promise<StandardEmulator> => {
  const emulator = await startEmulator(standardEmulation(options))
  running.push(emulator)
  return emulator
}

const standardFlags = ({ tokenEndpoint, apiUrl }: StandardEmulator): string[] => [
  ...['smart-api', '--token-endpoint', tokenEndpoint, '--api-url', apiUrl],
]
const standardEnv = ({ credentials }: StandardEmulator): Record<string, string> => ({
  HEXAGON_CLIENT_ID: credentials.clientId,
  HEXAGON_CLIENT_SECRET: credentials.clientSecret,
})

describe('the token request', () => {
  it('is sent once, and its response is shown', async () => {
    const { outcome, step, report } = await seeDoctor(['prevu3d'], { env: prevu3dEnv(prevu3d) })
    expect(step('token-request')).toMatchObject({
      status: 'ok',
      details: { status: 200, clientId: prevu3d.credentials.clientId },
    })
    expect(report).toMatchObject({ status: 'ok', tokenRequests: 1, whatToDo: [] })
    expect(outcome.status).toBe(0)
    expect(prevu3d.requests.map(({ part }) => part)).toEqual(['token', 'discovery', 'api'])
    expectNothingSecret(outcome, prevu3d)
  })

  it('P2: a wrong secret: the code, the hints, one try; nothing behind it is asked', async () => {
    const env = { ...prevu3dEnv(prevu3d), PREVU3D_CLIENT_SECRET: 'marked-wrong-secret' }
    const { outcome, step, statuses, report } = await seeDoctor(['prevu3d'], { env })
    expect(step('token-request').details.failure).toMatchObject({ code: 'grant_refused', status: 401 })
    expect(statuses).toMatchObject({
      'authentication-probe': 'skipped',
      claims: 'skipped',
      discovery: 'skipped',
      'api-call': 'skipped',
      access: 'skipped',
    })
    expect(report.whatToDo.join()).toMatch(/client secret.*--probe-authentication/)
    expect(outcome.status).toBe(1)
    expect(prevu3d.requests).toHaveLength(1)
    expectNothingSecret(outcome, prevu3d, 'marked-wrong-secret')
  })

  for (const [name, fault, code] of [
    ['an outage', { name: 'error', status: 503 }, 'endpoint_unavailable'],
    ['too many requests', { name: 'tooManyRequests', retryAfter: 1 }, 'grant_refused'],
    ['a reset', { name: 'reset' }, 'endpoint_unavailable'],
    ['silence', { name: 'hang' }, 'timed_out'],
    ['half a body', { name: 'hang', at: 'body' }, 'timed_out'],
    ['a web page', { name: 'html', status: 200 }, 'response_unreadable'],
    ['a redirect', { name: 'redirect', to: 'https://login.invalid/page?x=1' }, 'response_unreadable'],
  ] as const) {
    it(`${name}: ${code}, after one request`, async () => {
      prevu3d.faults.set('token', fault)
      // Short enough where nothing comes, long enough for a busy machine where something does.
      const timeout = code === 'timed_out' ? '1' : '30'
      const { step, report, outcome } = await seeDoctor(['prevu3d', '--timeout', timeout], { env: prevu3dEnv(prevu3d) })
      expect(step('token-request').details.failure.code).toBe(code)
      expect(step('token-request').advice).not.toEqual([])
      expect(outcome.status).toBe(1)
      expect(report.tokenRequests).toBe(1)
      // One that was given up on a busy machine may not have left at all.
      expect(prevu3d.requests.length).toBeLessThanOrEqual(1)
      expectNothingSecret(outcome, prevu3d)
    })
  }

  it('--timeout is what the one try gets', async () => {
    prevu3d.faults.set('token', { name: 'hang' })
    // A busy machine spends a part of the time before the request leaves, and the message names the rest.
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { step } = await seeDoctor(['prevu3d', '--timeout', '2'], { env: prevu3dEnv(prevu3d) })
    expect(step('token-request').details.failure.message).toContain('within 2 s')
  })

  it('G5: a scope that the server does not know has its hint, and no probe', async () => {
    const env = { ...hexagonEnv(hexagon), HEXAGON_SCOPE: 'INGR.API' }
    const { step, report } = await seeDoctor(['smart-completions', '--probe-authentication'], { env })
    expect(step('token-request').details.failure).toMatchObject({ error: 'invalid_scope' })
    expect(report.whatToDo.join()).toContain('case-sensitive')
    expect(step('authentication-probe').status).toBe('skipped')
    expect(report.tokenRequests).toBe(1)
  })

  it('a client id with a colon, which a raw header cannot carry', async () => {
    const { step } = await seeDoctor(['smart-completions', '--client-id', 'a:b'], { env: hexagonEnv(hexagon) })
    expect(step('token-request').details.failure.code).toBe('invalid_options')
    expect(hexagon.requests).toEqual([])
  })
})

describe('the probe of client authentication', () => {
  it('G10: nothing is tried without being asked for', async () => {
    const flags = ['smart-completions', '--client-authentication', 'basic-form']
    const { step, report } = await seeDoctor(flags, { env: hexagonEnv(hexagon) })
    expect(step('authentication-probe').saw[0]).toContain('--probe-authentication')
    expect(report.tokenRequests).toBe(1)
  })

  it('G2: a secret that the server reads raw: found, said, and used for the steps behind', async () => {
    const flags = ['smart-completions', '--client-authentication', 'basic-form', '--probe-authentication']
    const { outcome, step, statuses, report } = await seeDoctor(flags, { env: hexagonEnv(hexagon) })
    expect(step('authentication-probe').details).toMatchObject({ works: 'basic-raw', tried: [{ way: 'basic-raw' }] })
    expect(step('authentication-probe').saw.join()).toContain('lock the client out')
    expect(statuses).toMatchObject({ 'token-request': 'failed', claims: 'ok', 'api-call': 'ok', access: 'ok' })
    expect(report.whatToDo).toEqual([expect.stringContaining('--client-authentication basic-raw')])
    expect(report.tokenRequests).toBe(2)
    expect(outcome.status).toBe(1)
    expectNothingSecret(outcome, hexagon)
  })

  it('G2: a secret that the server wants form-encoded', async () => {
    const emulator = await startStandard({ basicEncoding: 'form' })
    const { outcome, step } = await seeDoctor([...standardFlags(emulator), '--probe-authentication'], {
      env: standardEnv(emulator),
    })
    expect(step('authentication-probe').details.works).toBe('basic-form')
    expectNothingSecret(outcome, emulator)
  })

  it('G3: a server that takes the form body alone: found at the third way, no more than two tries', async () => {
    const emulator = await startStandard({ now: () => Date.now() + paused.milliseconds })
    emulator.faults.set('token', {
      name: 'answer',
      answer: (request) =>
        request.headers.has('authorization') ? { status: 401, body: { error: 'invalid_client' } } : undefined,
    })
    const { outcome, step, report } = await seeDoctor([...standardFlags(emulator), '--probe-authentication'], {
      env: standardEnv(emulator),
    })
    expect(step('authentication-probe').details).toEqual({
      works: 'post',
      tried: [
        { way: 'basic-form', status: 401, error: 'invalid_client' },
        { way: 'post', status: 200, error: null },
      ],
    })
    expect(report.tokenRequests).toBe(3)
    const sentAt = emulator.requests.filter(({ part }) => part === 'token').map(({ time }) => time)
    expect(Math.min((sentAt[1] ?? 0) - (sentAt[0] ?? 0), (sentAt[2] ?? 0) - (sentAt[1] ?? 0))).toBeGreaterThan(800)
    expectNothingSecret(outcome, emulator)
  })

  it('what would be the same on the wire is not tried; where nothing works, that is said', async () => {
    const env = { ...hexagonEnv(hexagon), HEXAGON_CLIENT_ID: 'plain', HEXAGON_CLIENT_SECRET: 'marked-plain-secret' }
    const { outcome, step, report } = await seeDoctor(['smart-completions', '--probe-authentication'], { env })
    const { status, details, saw } = step('authentication-probe')
    expect(status).toBe('failed')
    expect(details.tried.map(({ way }: { way: string }) => way)).toEqual(['post'])
    expect(saw.filter((line) => line.includes('same on the wire'))).toHaveLength(2)
    expect(report.tokenRequests).toBe(2)
    expectNothingSecret(outcome, hexagon, 'marked-plain-secret')
  })

  it('stops where the server has enough', async () => {
    hexagon.faults.add(
      'token',
      { name: 'answer', answer: { status: 401, body: { error: 'invalid_client' } } },
      { times: 1 },
    )
    hexagon.faults.add('token', { name: 'tooManyRequests', retryAfter: 60 })
    const { step, report } = await seeDoctor(['smart-completions', '--probe-authentication'], {
      env: hexagonEnv(hexagon),
    })
    expect(step('authentication-probe')).toMatchObject({ status: 'failed', details: { tried: [{ status: 429 }] } })
    expect(report.tokenRequests).toBe(2)
  })

  it('is left out where the server takes what was sent', async () => {
    const { step, report } = await seeDoctor(['prevu3d', '--probe-authentication'], { env: prevu3dEnv(prevu3d) })
    expect(step('authentication-probe').status).toBe('skipped')
    expect(report.tokenRequests).toBe(1)
  })

  it('people are warned before the first try; without the flag, the advice is for code', async () => {
    prevu3d.faults.set('token', {
      name: 'answer',
      answer: (request) => (request.form.has('client_secret') ? undefined : { status: 401, body: { hasError: true } }),
    })
    const outcome = await nightlatch(['doctor', 'prevu3d', '--probe-authentication'], { env: prevu3dEnv(prevu3d) })
    expect(outcome.stderr).toMatch(/^Trying other ways.*lock the client out/)
    expect(outcome.status).toBe(1)
    expectNothingSecret(outcome, prevu3d)
  })
})

describe('the token response', () => {
  it('names the fields, and judges type, scope and lifetime', async () => {
    const { step } = await seeDoctor(['smart-completions'], { env: hexagonEnv(hexagon) })
    expect(step('token-response')).toMatchObject({
      status: 'ok',
      details: {
        fields: ['token_type', 'expires_in', 'access_token', 'scope'],
        unknownFields: [],
        tokenType: { given: '"Bearer"', used: 'Bearer' },
        scope: { asked: ['ingr.api'], named: true, granted: ['ingr.api'] },
        lifetime: { given: '3600', seconds: 3600 },
      },
    })
  })

  it('a lifetime that cannot be believed is a warning; the exp of the token is what counts then', async () => {
    await prevu3d.close()
    prevu3d = await startEmulator(prevu3dEmulation({ expiresIn: 'negative' }))
    const { step, outcome } = await seeDoctor(['prevu3d'], { env: prevu3dEnv(prevu3d) })
    expect(step('token-response').status).toBe('warning')
    expect(step('token-response').details.lifetime.given).toMatch(/^-\d+$/)
    expect(step('token-response').details.lifetime.seconds).toBeGreaterThan(3500)
    expect(outcome.status).toBe(0)
  })

  it('one that is nowhere known is unknown', async () => {
    await prevu3d.close()
    prevu3d = await startEmulator(prevu3dEmulation({ expiresIn: 'negative', timeClaims: false }))
    const { step } = await seeDoctor(['prevu3d'], { env: prevu3dEnv(prevu3d) })
    expect(step('token-response').details.lifetime).toMatchObject({ seconds: null, expiresAt: null })
    expect(step('token-response').advice.join()).toContain('Tell the vendor')
  })

  it('fields that nobody knows: their names and no values; names that are none are not shown', async () => {
    const extraFields = {
      refresh_token: 'marked-refresh',
      site_key: 'marked-value',
      expires_in: 'marked-lifetime-that-is-long-enough-to-be-something-else',
      'marked name with blanks': 1,
    }
    const emulator = await startStandard({ basicEncoding: 'raw', extraFields })
    const { outcome, step } = await seeDoctor(standardFlags(emulator), { env: standardEnv(emulator) })
    expect(step('token-response').status).toBe('warning')
    expect(step('token-response').details.unknownFields).toEqual(['site_key', '(an odd name)'])
    expect(step('token-response').details.fields).toContain('refresh_token')
    expect(step('token-response').details.lifetime.given).toContain('not shown')
    expect(outcome.stdout).not.toContain('marked')
    expectNothingSecret(outcome, emulator)
  })

  it('a scope that was asked for and not granted', async () => {
    const emulator = await startStandard({ basicEncoding: 'raw', extraFields: { scope: 'other' } })
    const { step } = await seeDoctor(standardFlags(emulator), { env: standardEnv(emulator) })
    expect(step('token-response')).toMatchObject({ status: 'warning', details: { scope: { granted: ['other'] } } })
    expect(step('token-response').advice.join()).toContain('ingr.api')
  })

  it('a web page is said to be one', async () => {
    prevu3d.faults.set('token', { name: 'html', status: 200 })
    const { step } = await seeDoctor(['prevu3d'], { env: prevu3dEnv(prevu3d) })
    expect(step('token-response')).toMatchObject({ status: 'failed', details: { kind: 'an HTML page' } })
    expect(step('token-response').details.contentType).toBe('text/html')
  })

  it('a form-encoded response is read', async () => {
    const emulator = await startStandard({
      answerToken: async (_, issueToken) => ({
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ access_token: await issueToken(), expires_in: '60' }).toString(),
      }),
    })
    const { step } = await seeDoctor(standardFlags(emulator), { env: standardEnv(emulator) })
    expect(step('token-response').details.fields).toEqual(['access_token', 'expires_in'])
    expect(step('token-response').details.lifetime).toMatchObject({ given: '"60"', seconds: 60 })
  })
})

describe('the claims', () => {
  it('those of a JWT that are never secret, and the number of the others', async () => {
    const { outcome, step } = await seeDoctor(['prevu3d'], { env: prevu3dEnv(prevu3d) })
    const { details, saw } = step('claims')
    expect(Object.keys(details.claims)).toEqual(['exp', 'iat', 'scopes', 'ver'])
    expect(details).toMatchObject({ isJwt: true, algorithm: 'ES512', otherClaims: 6 })
    expect(saw[0]).toContain('signature is not checked')
    expect(outcome.stdout).not.toContain('@serviceaccount')
  })

  it('a token that is no JWT has none, and that is fine', async () => {
    const emulator = await startStandard({
      answerToken: () => ({ body: { access_token: 'marked-opaque-token', token_type: 'Bearer', expires_in: 60 } }),
    })
    const { outcome, step } = await seeDoctor(standardFlags(emulator), { env: standardEnv(emulator) })
    expect(step('claims')).toMatchObject({ status: 'skipped', details: { isJwt: false } })
    expect(outcome.stdout).not.toContain('marked-opaque-token')
  })

  it('claims that disagree with the response, or with the clock, are warnings', async () => {
    const shorter = await startStandard({ basicEncoding: 'raw', extraFields: { expires_in: 86_400 } })
    const told = await seeDoctor(standardFlags(shorter), { env: standardEnv(shorter) })
    expect(told.step('claims').saw.join()).toContain('by its claims the token lives 3600 s, by the response 86400 s')
    const past = await startStandard({ basicEncoding: 'raw', now: () => Date.now() - 86_400_000 })
    const old = await seeDoctor(standardFlags(past), { env: standardEnv(past) })
    expect(old.step('claims').saw.join()).toContain('exp has passed')
    const future = await startStandard({ basicEncoding: 'raw', now: () => Date.now() + 86_400_000 })
    const early = await seeDoctor(standardFlags(future), { env: standardEnv(future) })
    expect(early.step('claims').saw.join()).toContain('is in the future')
  })

  it('a claim cannot play with the terminal', async () => {
    const jwt = [{ alg: 'none' }, { sub: 'a\u001b[31m\nb' }].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    )
    const emulator = await startStandard({
      answerToken: () => ({ body: { access_token: `${jwt.join('.')}.c2ln`, expires_in: 60 } }),
    })
    const { step } = await seeDoctor(standardFlags(emulator), { env: standardEnv(emulator) })
    expect(step('claims').details.claims.sub).toBe('a [31m b')
  })
})
