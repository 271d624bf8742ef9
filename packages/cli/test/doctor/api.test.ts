import {
  type Prevu3dEmulationOptions,
  type Prevu3dEmulator,
  prevu3dEmulation,
  type SmartCompletionsEmulationOptions,
  type SmartCompletionsEmulator,
  smartCompletionsEmulation,
  standardEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type Examined, expectNothingSecret, hexagonEnv, prevu3dEnv, seeDoctor } from './see-doctor.ts'

const running: { close(): Promise<void> }[] = []
afterEach(() => Promise.all(running.splice(0).map((emulator) => emulator.close())))

describe('prevu3d', () => {
  const examine = async (
    options: Prevu3dEmulationOptions = {},
    spoil: (emulator: Prevu3dEmulator) => void = () => undefined,
    flags: readonly string[] = [],
  ): Promise<Examined> => {
    const emulator = await startEmulator(prevu3dEmulation(options))
    running.push(emulator)
    spoil(emulator)
    const examined = await seeDoctor(['prevu3d', ...flags], { env: prevu3dEnv(emulator) })
    expectNothingSecret(examined.outcome, emulator)
    return examined
  }

  it('P1: the discovery: organisation, scopes, the address of the region', async () => {
    const { step } = await examine()
    expect(step('discovery')).toMatchObject({
      status: 'ok',
      details: {
        baseUrl: expect.stringMatching(/\/realityconnect-api$/),
        info: { organization: { name: 'Test Organization' }, scopes: ['read:basic', 'read:hierarchy'] },
      },
    })
  })

  it('P1: an address whose origin is not allowed is rejected, with the flag that allows it', async () => {
    const { step, statuses, report, outcome } = await examine({}, ({ faults }) =>
      faults.set('discovery', { name: 'wrongRegion', apiUrl: 'https://api.evil.test/realityconnect-api' }),
    )
    expect(step('discovery').details.failure.code).toBe('origin_refused')
    expect(step('discovery').saw.join()).toContain('https://*.prevu3d.com')
    expect(statuses).toMatchObject({ 'api-call': 'skipped', access: 'skipped' })
    expect(report.whatToDo.join()).toContain('--api-origin')
    expect(outcome.status).toBe(1)
  })

  for (const [name, fault] of [
    ['an outage', { name: 'error', status: 503 }],
    ['a web page', { name: 'html', status: 200 }],
    ['silence', { name: 'hang' }],
    ['a reset', { name: 'reset' }],
    ['a response that is not as documented', { name: 'answer', answer: { body: { apiUrl: 7 } } }],
  ] as const) {
    it(`a discovery that fails by ${name}: what to do, and no call`, async () => {
      const { step, statuses, outcome } = await examine({}, ({ faults }) => faults.set('discovery', fault), [
        // All before it must come in time, on a busy machine, too.
        ...['--timeout', name === 'silence' ? '2' : '30'],
      ])
      expect(step('discovery').status).toBe('failed')
      expect(step('discovery').advice).not.toEqual([])
      expect(statuses).toMatchObject({ 'token-request': 'ok', claims: 'ok', 'api-call': 'skipped', access: 'skipped' })
      expect(outcome.status).toBe(1)
    })
  }

  it('a discovery that takes no token: a second one was refused too', async () => {
    const { step, report } = await examine({}, ({ faults }) =>
      faults.set('discovery', { name: 'answer', answer: { status: 401 } }),
    )
    expect(step('discovery').details.failure).toMatchObject({ code: 'discovery_failed', status: 401 })
    expect(step('discovery').saw.join()).toContain('and a new one, too')
    expect(report.tokenRequests).toBe(2)
  })

  it('P2: a discovery answered with 403: the three layers, without a verdict', async () => {
    const { step } = await examine({}, ({ faults }) =>
      faults.set('discovery', { name: 'answer', answer: { status: 403 } }),
    )
    expect(step('access')).toMatchObject({
      status: 'failed',
      details: { layers: { oauthScopes: 'unknown', contentAccess: 'unknown', role: 'unknown' } },
    })
  })

  it('the documented call, and all three layers passed', async () => {
    const { step } = await examine()
    expect(step('api-call')).toMatchObject({
      status: 'ok',
      details: { status: 200, url: expect.stringMatching(/\/v1\/nodes\/[\w-]+\/browse$/) },
    })
    expect(step('access')).toMatchObject({
      status: 'ok',
      details: { nodes: 2, layers: { oauthScopes: 'passed', contentAccess: 'passed', role: 'passed' } },
    })
  })

  it('P2: an empty list with 200: the second layer is missing, and a warning is all', async () => {
    const { outcome, report, step } = await examine({ contentAccess: false })
    expect(step('api-call').status).toBe('ok')
    expect(step('access')).toMatchObject({
      status: 'warning',
      details: { nodes: 0, layers: { oauthScopes: 'passed', contentAccess: 'missing', role: 'unknown' } },
    })
    expect(report).toMatchObject({ status: 'warning' })
    expect(report.whatToDo[0]).toContain('content access')
    expect(outcome.status).toBe(0)
  })

  it('P2: 403 at the API: the layers cannot be told apart, and the likely ones come first', async () => {
    const { outcome, step, report } = await examine({ role: false })
    expect(step('api-call')).toMatchObject({ status: 'failed', details: { status: 403 } })
    expect(step('access').details.layers).toEqual({ oauthScopes: 'unknown', contentAccess: 'unknown', role: 'unknown' })
    expect(report.whatToDo.map((line) => line.slice(0, 7))).toEqual(['Layer 1', 'Layer 3', 'Layer 2'])
    expect(outcome.status).toBe(1)
  })

  it('P2: 403, and the application has no scopes at all: the first layer', async () => {
    const { step, report } = await examine({ scopes: [] })
    expect(step('access').details.layers.oauthScopes).toBe('missing')
    expect(report.whatToDo).toEqual([expect.stringContaining('Layer 1')])
  })

  it('an API that takes no token, fails, redirects, hangs or is not there', async () => {
    const refused = await examine({}, ({ faults }) => faults.set('api', { name: 'answer', answer: { status: 401 } }))
    expect(refused.step('api-call').saw.join()).toContain('the client sent a new one')
    expect(refused.step('access').status).toBe('failed')
    const ill = await examine({}, ({ faults }) => faults.set('api', { name: 'error', status: 502 }))
    expect(ill.step('api-call')).toMatchObject({ status: 'failed', details: { status: 502 } })
    expect(ill.step('access').status).toBe('skipped')
    const moved = await examine({}, ({ faults }) =>
      faults.set('api', { name: 'redirect', to: 'https://login.test/?state=marked' }),
    )
    expect(moved.step('api-call').saw.join()).toContain('redirects to https://login.test/')
    expect(moved.outcome.stdout).not.toContain('marked')
    const silent = await examine({}, ({ faults }) => faults.set('api', { name: 'hang' }), ['--timeout', '5'])
    expect(silent.step('api-call').details.code).toBe('timed out')
    const reset = await examine({}, ({ faults }) => faults.set('api', { name: 'reset' }))
    expect(reset.step('api-call').details.code).toMatch(/ECONNRESET|UND_ERR_SOCKET/)
  })
})

describe('hexagon', () => {
  const start = async (options: SmartCompletionsEmulationOptions = {}): Promise<SmartCompletionsEmulator> => {
    const emulator = await startEmulator(smartCompletionsEmulation(options))
    running.push(emulator)
    return emulator
  }

  it('the service document, and the user that sub names', async () => {
    const emulator = await start()
    const { outcome, report, step } = await seeDoctor(['smart-completions'], { env: hexagonEnv(emulator) })
    expect(step('discovery').status).toBe('skipped')
    expect(step('api-call')).toMatchObject({
      status: 'ok',
      details: { url: `${emulator.host}/sc/datalake/v1/`, documentedIn: expect.stringContaining('Reference Guide') },
    })
    expect(step('access')).toMatchObject({
      status: 'ok',
      details: { sub: emulator.credentials.clientId, isClientId: true, userExists: true },
    })
    expect({ exit: outcome.status, status: report.status }).toEqual({ exit: 0, status: 'ok' })
    expectNothingSecret(outcome, emulator)
  })

  it('P3: no user of that name: the sub is shown, and which user to make', async () => {
    const emulator = await start({ productUsers: ['somebody else'] })
    const { outcome, report, step } = await seeDoctor(['smart-completions'], { env: hexagonEnv(emulator) })
    expect(step('api-call').details.status).toBe(403)
    expect(step('access').status).toBe('failed')
    expect(report.whatToDo[0]).toContain(`"${emulator.credentials.clientId}"`)
    expect(outcome.status).toBe(1)
    expectNothingSecret(outcome, emulator)
  })

  it('P3: the same where the API says 401', async () => {
    const emulator = await start()
    emulator.faults.set('api', { name: 'answer', answer: { status: 401, body: 'Token validation failed' } })
    const { step, report } = await seeDoctor(['smart-completions'], { env: hexagonEnv(emulator) })
    expect(step('access').details).toMatchObject({ userExists: null, sub: emulator.credentials.clientId })
    expect(report.whatToDo[0]).toContain('make a user')
  })

  it('an issuer: what its metadata says', async () => {
    const emulator = await start()
    const { HEXAGON_AUTHORIZATION_SERVER: issuer = '', ...env } = hexagonEnv(emulator)
    const { step, report } = await seeDoctor(['smart-completions', '--issuer', issuer], { env })
    expect(step('discovery').status).toBe('ok')
    expect(step('discovery').saw).toContain(`token endpoint: ${issuer}/v1/token`)
    expect(report).toMatchObject({ status: 'ok', tokenRequests: 1 })
  })

  it('an issuer whose metadata is of another, or a web page', async () => {
    const emulator = await start()
    const { HEXAGON_AUTHORIZATION_SERVER: issuer = '', ...env } = hexagonEnv(emulator)
    for (const body of [
      { issuer: 'https://another.test', token_endpoint: `${issuer}/v1/token` },
      '<html>sign in</html>',
    ]) {
      emulator.faults.set('discovery', { name: 'answer', answer: { body } })
      const { step, statuses, report } = await seeDoctor(['smart-completions', '--issuer', issuer], { env })
      expect(step('token-request').details.failure.code).toBe('discovery_failed')
      expect(statuses).toMatchObject({ clock: 'ok', discovery: 'failed', 'api-call': 'skipped' })
      expect(report.whatToDo.join()).toContain('.well-known/openid-configuration')
      expect(report.tokenRequests).toBe(0)
    }
  })

  it('the wrong base URL: there is no service document; a closed port: no response', async () => {
    const emulator = await start()
    const env = hexagonEnv(emulator)
    const lost = await seeDoctor(['smart-completions', '--host', `${emulator.host}/elsewhere`], { env })
    expect(lost.step('api-call')).toMatchObject({ status: 'failed', details: { status: 404 } })
    const closed = await seeDoctor(['smart-completions', '--host', 'http://127.0.0.1:1'], { env })
    expect(closed.step('api-call')).toMatchObject({ status: 'failed', details: { code: expect.any(String) } })
    expect(closed.step('access')).toMatchObject({ status: 'skipped', details: { sub: emulator.credentials.clientId } })
  })

  it('another product: the base URL is asked, which is not documented, so that 404 is a warning', async () => {
    const emulator = await start()
    const env = { ...hexagonEnv(emulator), HEXAGON_API_URL: `${emulator.host}/sc/datalake/v1/Nothing` }
    const { outcome, step } = await seeDoctor(['smart-api'], { env })
    expect(step('api-call')).toMatchObject({ status: 'warning', details: { status: 404, documentedIn: null } })
    expect(step('api-call').saw.join()).toContain('not documented')
    expect(outcome.status).toBe(0)
  })

  it('a token without sub, and one that cannot be read', async () => {
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"iss":"x"}').toString('base64url')}.c2ln`
    for (const [token, status] of [
      [unsigned, 'failed'],
      ['opaque-token', 'failed'],
    ] as const) {
      const emulator = await startEmulator(
        standardEmulation({ answerToken: () => ({ body: { access_token: token } }) }),
      )
      running.push(emulator)
      const { step } = await seeDoctor(
        ['smart-api', '--token-endpoint', emulator.tokenEndpoint, '--api-url', emulator.apiUrl],
        { env: { HEXAGON_CLIENT_ID: 'test-client', HEXAGON_CLIENT_SECRET: 'marked-secret-Zq7' } },
      )
      expect(step('access')).toMatchObject({ status, details: { sub: null } })
      expect(step('access').saw.join()).toMatch(token === unsigned ? /has no sub/ : /cannot be read/)
    }
  })
})
