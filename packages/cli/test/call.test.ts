import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Prevu3dEmulationOptions,
  type Prevu3dEmulator,
  prevu3dEmulation,
  type SmartCompletionsEmulator,
  smartCompletionsEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { expectNoSecret, nightlatch } from './run-nightlatch.ts'

// The jitter of every wait before a retry: none of them takes any time.
beforeAll(() => void vi.spyOn(Math, 'random').mockReturnValue(0))
afterAll(() => void vi.restoreAllMocks())

const browse = ['call', 'prevu3d', '/v1/nodes/{organization_id}/browse']

describe('nightlatch call prevu3d', () => {
  let emulator: Prevu3dEmulator
  let env: Record<string, string>

  const start = async (options: Prevu3dEmulationOptions = {}): Promise<void> => {
    emulator = await startEmulator(prevu3dEmulation(options))
    env = {
      PREVU3D_CLIENT_ID: emulator.credentials.clientId,
      PREVU3D_CLIENT_SECRET: emulator.credentials.clientSecret,
      PREVU3D_CLOUD_API_URL: emulator.url,
    }
  }
  afterEach(() => emulator.close())

  it('P1: does the whole flow: token, region, the organisation in the path', async () => {
    await start({ region: 'cc1' })
    const outcome = await nightlatch(browse, { env })
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(outcome.stdout)).toEqual(emulator.divisions.map(({ id, name, type }) => ({ id, name, type })))
    expect(emulator.requests.map(({ part }) => part)).toEqual(['token', 'discovery', 'api'])
    expectNoSecret(outcome, emulator)
  })

  it('the id of the organisation is encoded, so that it stays one segment', async () => {
    await start({ organization: { id: 'a/b ?', name: 'Odd' } })
    await nightlatch(browse, { env })
    expect(emulator.requests.at(-1)?.path).toBe('/realityconnect-api/v1/nodes/a%2Fb%20%3F/browse')
  })

  it('--json: status, address, body and hints in one document', async () => {
    await start()
    const { stdout } = await nightlatch([...browse, '--json'], { env })
    expect(JSON.parse(stdout)).toEqual({
      status: 200,
      url: `${emulator.apiUrl}/v1/nodes/${emulator.organization.id}/browse`,
      body: emulator.divisions.map(({ id, name, type }) => ({ id, name, type })),
      hints: [],
    })
  })

  it('at a terminal JSON is indented', async () => {
    await start()
    const { stdout, stderr } = await nightlatch(browse, { env, typed: '' })
    expect(stdout).toMatch(/^\[\n {2}\{\n {4}"id"/)
    // What was waited for is wiped out again.
    expect(stderr).toContain('Waiting for prevu3d')
    expect(stderr.endsWith('\r\u001b[K')).toBe(true)
  })

  it('P2: an empty list has its hint, and is no failure', async () => {
    await start({ contentAccess: false })
    const outcome = await nightlatch(browse, { env })
    expect(outcome).toMatchObject({ status: 0, stdout: '[]\n' })
    expect(outcome.stderr).toMatch(/• .*content access/)
    expect(JSON.parse((await nightlatch([...browse, '--json'], { env })).stdout).hints).toHaveLength(1)
  })

  it('P2: 403 has the three layers, the body, and exit status 1', async () => {
    await start({ role: false })
    const outcome = await nightlatch(browse, { env })
    expect(outcome).toMatchObject({ status: 1, stdout: '{"message":"Forbidden"}\n' })
    expect(outcome.stderr).toMatch(/^✗ GET http\S+\/browse answered 403 Forbidden\n/)
    expect(outcome.stderr.match(/Layer \d/g)).toEqual(['Layer 1', 'Layer 2', 'Layer 3'])
    expectNoSecret(outcome, emulator)
  })

  it('403 with --json: everything under error', async () => {
    await start({ role: false })
    const { status, stdout, stderr } = await nightlatch([...browse, '--json'], { env })
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
    const { error } = JSON.parse(stdout)
    expect(error).toMatchObject({ code: 'api_refused', status: 403, body: { message: 'Forbidden' } })
    expect(error.hints.join()).toContain('Layer 2')
  })

  it('a refused token is replaced once; the shell sees the second answer', async () => {
    await start()
    emulator.faults.set('api', { name: 'answer', answer: { status: 401 } }, { times: 1 })
    expect(await nightlatch(browse, { env })).toMatchObject({ status: 0 })
    expect(emulator.requests.map(({ part }) => part)).toEqual(['token', 'discovery', 'api', 'token', 'api'])
  })

  it('H1: an API somewhere else sees no token', async () => {
    await start()
    emulator.faults.set('discovery', { name: 'wrongRegion', apiUrl: 'https://api.evil.test/realityconnect-api' })
    const outcome = await nightlatch(browse, { env })
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('https://api.evil.test is not an allowed origin for this token')
    expect((await nightlatch(['call', 'prevu3d', 'https://evil.test/x'], { env })).status).toBe(1)
    expectNoSecret(outcome, emulator)
  })

  it('--api-origin lets one more origin in', async () => {
    await start()
    const [origin = ''] = emulator.apiOrigins
    expect(
      await nightlatch([...browse, '--api-origin', origin, '--api-origin', 'https://a.test'], { env }),
    ).toMatchObject({ status: 0 })
  })

  it('asks once, whatever the API says', async () => {
    await start()
    emulator.faults.set('api', { name: 'error', status: 503 })
    const outcome = await nightlatch(browse, { env })
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('answered 503')
    expect(emulator.requests.filter(({ part }) => part === 'api')).toHaveLength(1)
  })
})

describe('X1: nothing secret is printed, whoever repeats it', () => {
  let emulator: Prevu3dEmulator
  let env: Record<string, string>

  beforeEach(async () => {
    emulator = await startEmulator(prevu3dEmulation())
    env = {
      PREVU3D_CLIENT_ID: emulator.credentials.clientId,
      PREVU3D_CLIENT_SECRET: emulator.credentials.clientSecret,
      PREVU3D_CLOUD_API_URL: emulator.url,
    }
  })
  afterEach(() => emulator.close())

  const manners = [[], ['--json'], ['--include'], ['--include', '--json']]
  const repeat = (status: number) => (request: { readonly headers: Headers; readonly body: string }) => ({
    status,
    headers: { 'x-echo': request.headers.get('authorization') ?? '', 'content-type': 'application/json' },
    body: {
      error: 'invalid_client',
      error_description: `${request.headers.get('authorization')} ${emulator.credentials.clientSecret}`,
      encoded: encodeURIComponent(emulator.credentials.clientSecret),
      seen: Object.fromEntries(request.headers),
      request: request.body,
    },
  })

  for (const part of ['token', 'discovery', 'api'] as const) {
    for (const status of [200, 400, 401, 403, 429, 500]) {
      it(`a response of the ${part} part with ${status} that repeats all it was sent`, async () => {
        emulator.faults.set(part, { name: 'answer', answer: repeat(status) })
        for (const manner of manners) {
          const outcome = await nightlatch([...browse, ...manner], { env })
          expect(outcome.status).toBe(part === 'api' && status === 200 ? 0 : 1)
          expect(`${outcome.stdout}${outcome.stderr}`).not.toBe('')
          expectNoSecret(outcome, emulator)
        }
        if (part === 'token') expectNoSecret(await nightlatch(['token', 'prevu3d'], { env }), emulator)
      })
    }
    for (const fault of ['hang', 'reset', 'html', 'truncated'] as const) {
      it(`the ${part} part with the fault ${fault}`, async () => {
        emulator.faults.set(part, { name: fault })
        const timeout = fault === 'hang' ? '0.3' : '30'
        const outcomes = manners.map((manner) => nightlatch([...browse, ...manner, '--timeout', timeout], { env }))
        for (const outcome of await Promise.all(outcomes)) {
          expect(outcome.status).toBe(1)
          expect(`${outcome.stdout}${outcome.stderr}`).not.toMatch(/\n\s+at /)
          expectNoSecret(outcome, emulator)
        }
      })
    }
  }

  it('a secret with a line break in it', async () => {
    const secret = 'marked-secret-\n-with-a-break'
    const outcome = await nightlatch(browse, { env: { ...env, PREVU3D_CLIENT_SECRET: secret } })
    expect(outcome.status).toBe(2)
    expect(outcome.stderr).toContain('clientSecret')
    expect(outcome.stderr).not.toContain('marked-secret')
  })
})

describe('nightlatch call smart-completions', () => {
  let emulator: SmartCompletionsEmulator
  let env: Record<string, string>

  beforeEach(async () => {
    emulator = await startEmulator(smartCompletionsEmulation({ pageSize: 2 }))
    env = {
      HEXAGON_CLIENT_ID: emulator.credentials.clientId,
      HEXAGON_CLIENT_SECRET: emulator.credentials.clientSecret,
      HEXAGON_HOST: emulator.host,
      HEXAGON_AUTHORIZATION_SERVER: emulator.authorizationServer,
    }
  })
  afterEach(() => emulator.close())

  const projects = ['call', 'smart-completions', 'Instances(2)/Projects']

  it('reads, with a query', async () => {
    const { status, stdout } = await nightlatch(['call', 'smart-completions', 'Instances(2)/Projects?$top=1'], { env })
    expect(status).toBe(0)
    expect(JSON.parse(stdout).value).toHaveLength(1)
  })

  it('follows a whole URL that the API gave', async () => {
    const first = JSON.parse((await nightlatch(projects, { env })).stdout)
    const { status, stdout } = await nightlatch(['call', 'smart-completions', first['@odata.nextLink']], { env })
    expect(status).toBe(0)
    expect(JSON.parse(stdout).value).toEqual([{ Id: 3, Name: 'Tank Farm' }])
  })

  it('writes: --data from the line, from stdin, from a file', async () => {
    const body = '{"Name":"New"}'
    const folder = await mkdtemp(join(tmpdir(), 'nightlatch-'))
    try {
      await writeFile(join(folder, 'body.json'), body)
      for (const data of [body, '-', `@${join(folder, 'body.json')}`]) {
        const outcome = await nightlatch([...projects, '--data', data, '--json'], { env, stdin: body })
        expect(JSON.parse(outcome.stdout)).toMatchObject({ status: 201, body: { Name: 'New' } })
      }
      const request = emulator.requests.at(-1)
      expect(request).toMatchObject({ method: 'POST', body })
      expect(request?.headers.get('content-type')).toBe('application/json')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('--method and --header are sent', async () => {
    const flags = ['-X', 'patch', '-H', 'SPFConfigUID: PL_1', '-H', 'content-type: text/plain', '-d', 'no json']
    const outcome = await nightlatch([...projects, ...flags], { env })
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining('PATCH http') })
    const request = emulator.requests.at(-1)
    expect(request).toMatchObject({ method: 'PATCH', body: 'no json' })
    expect(request?.headers.get('spfconfiguid')).toBe('PL_1')
    expect(request?.headers.get('content-type')).toBe('text/plain')
  })

  it('--include: status and headers first', async () => {
    const { stdout } = await nightlatch([...projects, '--include'], { env })
    expect(stdout).toMatch(/^HTTP 200 OK\n(.+\n)*odata-version: 4\.0\n(.+\n)*\n\{/)
  })

  it('an empty response is said to be empty, bytes come as they are', async () => {
    emulator.faults.set('api', { name: 'answer', answer: { status: 204 } }, { times: 1 })
    expect(await nightlatch(projects, { env })).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '204 No Content, with an empty body\n',
    })
    emulator.faults.set('api', { name: 'answer', answer: { body: 'Überraschung, no JSON' } })
    expect(await nightlatch(projects, { env })).toMatchObject({ status: 0, stdout: 'Überraschung, no JSON\n' })
  })

  it('P3: a token of nobody that the product knows: the hint about users', async () => {
    await emulator.close()
    emulator = await startEmulator(smartCompletionsEmulation({ productUsers: [] }))
    env = {
      ...env,
      HEXAGON_CLIENT_ID: emulator.credentials.clientId,
      HEXAGON_CLIENT_SECRET: emulator.credentials.clientSecret,
      HEXAGON_HOST: emulator.host,
      HEXAGON_AUTHORIZATION_SERVER: emulator.authorizationServer,
    }
    const outcome = await nightlatch(projects, { env })
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toMatch(/• .*`sub`/)
  })

  it('the API does not answer, or not in time', async () => {
    emulator.faults.set('api', { name: 'hang', at: 'body' })
    // The token must come in this time, on a busy machine, too.
    const late = await nightlatch([...projects, '--timeout', '5'], { env })
    expect(late).toMatchObject({ status: 1, stderr: expect.stringContaining('did not respond within 5 s') })
    emulator.faults.set('api', { name: 'reset' })
    const gone = await nightlatch([...projects, '--json'], { env })
    expect(JSON.parse(gone.stdout).error).toMatchObject({ code: 'api_unavailable' })
    expect(gone.stdout).toContain('ECONNRESET')
    expect(JSON.parse(gone.stdout).error.hints).toContainEqual(expect.stringMatching(/^Try again\./))
  })
})
