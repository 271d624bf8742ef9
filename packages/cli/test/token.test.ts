import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Prevu3dEmulator,
  prevu3dEmulation,
  type SmartCompletionsEmulator,
  smartCompletionsEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inWords } from '../src/duration-words.ts'
import { hexagonEnv } from './doctor/see-doctor.ts'
import { expectNoSecret, nightlatch } from './run-nightlatch.ts'

describe('nightlatch token prevu3d', () => {
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

  it('says what came, and not the token', async () => {
    const outcome = await nightlatch(['token', 'prevu3d'], { env })
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(outcome.stdout).toContain('token of prevu3d')
    expect(outcome.stdout).toContain('type     Bearer')
    expect(outcome.stdout).toContain('scopes   not named')
    expect(outcome.stdout).toMatch(/expires {2}\d{4}-\d{2}-\d{2}T\S+Z, in (1 h|59 min 5\d s)/)
    expect(outcome.stdout).not.toMatch(/ey[A-Za-z]/)
    expectNoSecret(outcome, emulator)
    expect(emulator.requests.map(({ part }) => part)).toEqual(['token'])
  })

  it('--json: one document, without the token', async () => {
    const outcome = await nightlatch(['token', 'prevu3d', '--json'], { env })
    const told = JSON.parse(outcome.stdout)
    expect(told).toEqual({
      provider: 'prevu3d',
      type: 'Bearer',
      scopes: null,
      expiresAt: expect.stringMatching(/Z$/),
      expiresIn: expect.any(Number),
    })
    expect(told.expiresIn).toBeGreaterThan(3590)
    expectNoSecret(outcome, emulator)
  })

  it('--show-token: the token and nothing else', async () => {
    const { status, stdout, stderr } = await nightlatch(['token', 'prevu3d', '--show-token'], { env })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^ey[\w-]+\.[\w-]+\.[\w-]+\n$/)
  })

  it('--show-token --json: the document with the token', async () => {
    const { stdout } = await nightlatch(['--json', 'token', 'prevu3d', '--show-token'], { env })
    expect(JSON.parse(stdout).accessToken).toMatch(/^ey/)
  })

  it('a lifetime nobody knows is said to be unknown', async () => {
    await emulator.close()
    emulator = await startEmulator(prevu3dEmulation({ expiresIn: 'negative', timeClaims: false }))
    env = {
      PREVU3D_CLIENT_ID: emulator.credentials.clientId,
      PREVU3D_CLIENT_SECRET: emulator.credentials.clientSecret,
      PREVU3D_CLOUD_API_URL: emulator.url,
    }
    expect((await nightlatch(['token', 'prevu3d'], { env })).stdout).toContain('expires  not known')
    expect(JSON.parse((await nightlatch(['token', 'prevu3d', '--json'], { env })).stdout)).toMatchObject({
      expiresAt: null,
      expiresIn: null,
    })
  })

  it('flags win over the environment', async () => {
    const wrong = { ...env, PREVU3D_CLIENT_ID: 'another', PREVU3D_CLOUD_API_URL: 'https://nowhere.invalid' }
    const flags = ['--client-id', emulator.credentials.clientId, '--cloud-api-url', emulator.url]
    expect(await nightlatch(['token', 'prevu3d', ...flags], { env: wrong })).toMatchObject({ status: 0 })
    expect(await nightlatch(['token', ...flags, 'prevu3d'], { env: wrong })).toMatchObject({ status: 0 })
  })

  it('the secret comes from a file, its line end dropped', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nightlatch-'))
    try {
      const file = join(folder, 'secret')
      await writeFile(file, `${emulator.credentials.clientSecret}\n`)
      const wrong = { ...env, PREVU3D_CLIENT_SECRET: 'not this one' }
      expect(await nightlatch(['token', 'prevu3d', '--client-secret-file', file], { env: wrong })).toMatchObject({
        status: 0,
      })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('the secret comes from stdin', async () => {
    const { PREVU3D_CLIENT_SECRET: stdin = '', ...rest } = env
    const outcome = await nightlatch(['token', 'prevu3d', '--client-secret-file', '-'], { env: rest, stdin })
    expect(outcome).toMatchObject({ status: 0 })
  })

  it('at a terminal the secret is asked for, and not shown as it is typed', async () => {
    const { PREVU3D_CLIENT_SECRET: secret = '', ...rest } = env
    const outcome = await nightlatch(['token', 'prevu3d'], { env: rest, typed: `${secret}\r` })
    expect(outcome.status).toBe(0)
    expect(outcome.stderr).toContain('Client secret of prevu3d')
    expect(outcome.stdout).toContain('Bearer')
    expectNoSecret(outcome, emulator)
  })

  for (const [name, typed] of [
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
    ['an empty answer', '\r'],
  ] as const) {
    it(`${name} at the question ends it: nothing is asked for`, async () => {
      const { PREVU3D_CLIENT_SECRET: _, ...rest } = env
      const outcome = await nightlatch(['token', 'prevu3d'], { env: rest, typed })
      expect(outcome.status).toBe(2)
      expect(outcome.stderr).toContain('no client secret was entered')
      expect(emulator.requests).toEqual([])
    })
  }

  it('a refusal: exit status 1, what to check, no secret', async () => {
    emulator.rotateSecret()
    const outcome = await nightlatch(['token', 'prevu3d'], { env })
    expect(outcome).toMatchObject({ status: 1, stdout: '' })
    expect(outcome.stderr).toContain('401')
    expect(outcome.stderr).toMatch(/\n {2}• .*client secret/)
    expectNoSecret(outcome, emulator)
    expect(outcome.stderr.includes(env.PREVU3D_CLIENT_SECRET ?? '')).toBe(false)
  })

  it('a refusal with --json: the error on stdout', async () => {
    emulator.rotateSecret()
    const { status, stdout, stderr } = await nightlatch(['token', 'prevu3d', '--json'], { env })
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'grant_refused',
      message: expect.any(String),
      provider: 'prevu3d',
      status: 401,
      retryable: false,
      hints: expect.arrayContaining([expect.stringContaining('client secret')]),
    })
  })

  it('--timeout ends a wait', async () => {
    emulator.faults.set('token', { name: 'hang' })
    const outcome = await nightlatch(['token', 'prevu3d', '--timeout', '0.2'], { env })
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('within 0.2 s')
    expectNoSecret(outcome, emulator)
  })
})

describe('nightlatch token smart-completions', () => {
  let emulator: SmartCompletionsEmulator
  let env: Record<string, string>

  beforeEach(async () => {
    emulator = await startEmulator(smartCompletionsEmulation())
    env = hexagonEnv(emulator)
  })
  afterEach(() => emulator.close())

  it('names the scopes', async () => {
    const outcome = await nightlatch(['token', 'smart-completions'], { env })
    expect(outcome.status).toBe(0)
    expect(outcome.stdout).toContain('scopes   ingr.api')
    expectNoSecret(outcome, emulator)
  })

  it('sends scope and resource as they are set', async () => {
    const more = { ...env, HEXAGON_SCOPE: 'ingr.api', HEXAGON_RESOURCE: 'EE9C5479' }
    await nightlatch(['token', 'smart-completions'], { env: more })
    await nightlatch(['token', 'smart-completions', '--scope', 'A  B', '--resource', 'F'], { env: more })
    await nightlatch(['token', 'smart-completions', '--scope', ''], { env: more })
    expect(emulator.requests.map(({ form }) => [form.get('scope'), form.get('resource')])).toEqual([
      ['ingr.api', 'EE9C5479'],
      ['A B', 'F'],
      [null, 'EE9C5479'],
    ])
  })

  it('sends the secret as --client-authentication says', async () => {
    const ask = (method: string) =>
      nightlatch(['token', 'smart-completions', '--client-authentication', method, '--json'], { env })
    expect(await ask('basic-raw')).toMatchObject({ status: 0 })
    expect(await ask('basic-form')).toMatchObject({ status: 1 })
    const posted = await ask('post')
    expect(posted).toMatchObject({ status: 0 })
    expect(emulator.requests.at(-1)?.form.get('client_secret')).toBe(emulator.credentials.clientSecret)
    expectNoSecret(posted, emulator)
    expect(await ask('guess')).toMatchObject({ status: 2 })
  })

  it('the token endpoint may be given instead, or an issuer; a flag displaces what the environment has', async () => {
    const endpoint = `${emulator.authorizationServer}/v1/token`
    const ways = [
      ['--token-endpoint', endpoint],
      ['--issuer', emulator.authorizationServer],
    ]
    for (const way of ways) {
      expect(await nightlatch(['token', 'smart-completions', ...way], { env })).toMatchObject({ status: 0 })
    }
  })

  it('smart-api takes the base URL of any product', async () => {
    const { HEXAGON_HOST: host, ...rest } = env
    const apiUrl = `${host}/sc/datalake/v1`
    expect(await nightlatch(['token', 'smart-api', '--api-url', apiUrl], { env: rest })).toMatchObject({ status: 0 })
    const called = await nightlatch(['call', 'smart-api', 'Instances'], { env: { ...rest, HEXAGON_API_URL: apiUrl } })
    expect(JSON.parse(called.stdout).value).toEqual([{ Id: 2 }])
  })
})

it('seconds are said as people say them', () => {
  expect([0, 59, 60, 3599, 3600, 86_400, 90_061].map(inWords)).toEqual([
    '0 s',
    '59 s',
    '1 min',
    '59 min 59 s',
    '1 h',
    '1 d',
    '1 d 1 h',
  ])
})
