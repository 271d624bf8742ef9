import { type Prevu3dEmulator, prevu3dEmulation, type RecordedRequest, startEmulator } from '@nightlatch/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { expectNothingSecret, prevu3dEnv, seeDoctor, spellingsOf } from './doctor/see-doctor.ts'
import { nightlatch, nightlatchProcess } from './run-nightlatch.ts'

// The second before each try of the probe: what is printed does not depend on it.
vi.mock('node:timers/promises', () => ({ setTimeout: async () => {} }))

let emulator: Prevu3dEmulator
let env: Record<string, string>
beforeEach(async () => {
  emulator = await startEmulator(prevu3dEmulation())
  env = prevu3dEnv(emulator)
})
afterEach(() => emulator.close())

describe('nightlatch doctor', () => {
  it('prints each step with its mark, in order, and ends with what to do', async () => {
    const outcome = await nightlatch(['doctor', 'prevu3d'], { env })
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    const titles = outcome.stdout.split('\n').filter((line) => /^[✓!✗-] /.test(line))
    expect(titles).toEqual([
      '✓ Settings',
      '- Name resolution: skipped',
      '- TLS: skipped',
      '✓ Clock',
      '✓ Token request',
      '- Client authentication: skipped',
      '✓ Token response',
      '✓ Token claims',
      '✓ Discovery',
      '✓ API call',
      '✓ Access',
    ])
    expect(outcome.stdout).toMatch(/\nWhat to do\n {2}Nothing: all steps passed\.\n$/)
    expect(outcome.stdout).not.toContain('\u001b')
    expectNothingSecret(outcome, emulator)
  })

  it('what to do is numbered, each sentence once', async () => {
    emulator.rotateSecret()
    const { status, stdout, stderr } = await nightlatch(['doctor', 'prevu3d'], { env })
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
    const [, end = ''] = stdout.split('What to do\n')
    const sentences = end.trimEnd().split('\n')
    expect(sentences.length).toBeGreaterThan(1)
    for (const [at, sentence] of sentences.entries()) expect(sentence).toMatch(new RegExp(`^ {2}${at + 1}\\. \\S`))
    expect(new Set(sentences.map((sentence) => sentence.slice(5))).size).toBe(sentences.length)
  })

  it('has colours at a terminal, unless NO_COLOR', async () => {
    expect((await nightlatch(['doctor', 'prevu3d'], { env, typed: '' })).stdout).toContain('\u001b[32m✓')
    const plain = await nightlatch(['doctor', 'prevu3d'], { env: { ...env, NO_COLOR: '1' }, typed: '' })
    expect(plain.stdout).not.toContain('\u001b')
  })

  it('--json: the whole report, each step with status, sight, advice and details', async () => {
    const { report, outcome } = await seeDoctor(['prevu3d'], { env })
    expect(outcome.status).toBe(0)
    expect(Object.keys(report)).toEqual(['provider', 'status', 'steps', 'whatToDo', 'tokenRequests'])
    for (const step of report.steps) {
      expect(Object.keys(step)).toEqual(['name', 'title', 'status', 'saw', 'advice', 'details'])
      expect(step.saw).not.toEqual([])
    }
  })

  it('wrong usage: exit status 2, and nothing is examined', async () => {
    for (const typed of [
      ['doctor'],
      ['doctor', 'acme'],
      ['doctor', 'prevu3d', '--host', 'https://a.test'],
      ['doctor', 'prevu3d', '--timeout', '0'],
    ]) {
      const told = await nightlatch(typed, { env })
      expect(told).toMatchObject({ status: 2, stdout: '' })
      const { status, stdout } = await nightlatch([...typed, '--json'], { env })
      expect({ status, code: JSON.parse(stdout).error.code }).toEqual({ status: 2, code: 'wrong_usage' })
    }
    expect(emulator.requests).toEqual([])
  })

  it('as a process: ends by itself, with the exit status', async () => {
    expect(await nightlatchProcess(['doctor', 'prevu3d'], { env })).toMatchObject({ status: 0, stderr: '' })
    emulator.clearRequests()
    emulator.faults.set('token', { name: 'tooManyRequests', retryAfter: 4 })
    expect(await nightlatchProcess(['doctor', 'prevu3d'], { env })).toMatchObject({ status: 1, stderr: '' })
    // Whoever waits as long as it says asks again.
    expect(emulator.requests).toHaveLength(1)
  })
})

describe('X1: nothing secret is printed, whoever repeats it', () => {
  const manners = [[], ['--json'], ['--probe-authentication'], ['--probe-authentication', '--json']]

  /** All that was sent, and all spellings of the secret, wherever a response has room. */
  const repeatIn = (request: RecordedRequest): object => {
    const { clientId, clientSecret } = emulator.credentials
    const all = [...spellingsOf(clientId, clientSecret), request.headers.get('authorization') ?? '', request.body].join(
      ' ',
    )
    return {
      error_description: all,
      token_type: all,
      scope: all,
      expires_in: all,
      ...Object.fromEntries(spellingsOf(clientId, clientSecret).map((text) => [text, text])),
      message: all,
      user: { id: all },
      organization: { id: all, name: all },
      scopes: [all, ...spellingsOf(clientId, clientSecret)],
      apiUrl: `${emulator.apiUrl}?${encodeURIComponent(all)}`,
    }
  }

  for (const part of ['token', 'discovery', 'api'] as const) {
    for (const status of [200, 302, 400, 401, 403, 500]) {
      it(`a response of the ${part} part with ${status} that repeats all it was sent`, async () => {
        emulator.faults.set(part, {
          name: 'answer',
          answer: (request) => ({
            status,
            headers: {
              location: `https://elsewhere.test/${encodeURIComponent(request.headers.get('authorization') ?? '')}`,
            },
            body: { ...repeatIn(request), ...(status === 200 ? {} : { error: 'invalid_client' }) },
          }),
        })
        for (const manner of manners) {
          // Only where the token is refused is anything probed.
          if (part !== 'token' && manner.includes('--probe-authentication')) continue
          const outcome = await nightlatch(['doctor', 'prevu3d', ...manner], { env })
          expect(outcome.stdout).toContain(manner.includes('--json') ? '"whatToDo"' : 'What to do')
          expectNothingSecret(outcome, emulator)
        }
      })
    }
  }

  it('a token whose claims hold the secret, in a response whose fields do', async () => {
    const { clientId, clientSecret } = emulator.credentials
    const spellings = spellingsOf(clientId, clientSecret)
    const claims = {
      iss: clientSecret,
      aud: spellings,
      sub: spellings.join(' '),
      scope: clientSecret,
      cid: clientSecret,
    }
    const jwt = [{ alg: 'none', kid: clientSecret }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    )
    emulator.faults.set('token', {
      name: 'answer',
      answer: (request) => ({
        body: { ...repeatIn(request), token_type: 'Bearer', access_token: `${jwt.join('.')}.c2ln` },
      }),
    })
    for (const manner of [[], ['--json']]) {
      const outcome = await nightlatch(['doctor', 'prevu3d', ...manner], { env })
      expect(outcome.stdout).toContain('[redacted]')
      expectNothingSecret(outcome, emulator)
    }
  })

  it('settings that hold the secret in the wrong place', async () => {
    const { clientSecret } = emulator.credentials
    const misplaced = {
      ...env,
      PREVU3D_CLIENT_ID: clientSecret.replaceAll(':', ''),
      PREVU3D_CLOUD_API_URL: clientSecret,
    }
    for (const manner of [[], ['--json']]) {
      expectNothingSecret(await nightlatch(['doctor', 'prevu3d', ...manner], { env: misplaced }), emulator)
      const same = { ...env, PREVU3D_CLIENT_ID: clientSecret }
      expectNothingSecret(await nightlatch(['doctor', 'prevu3d', ...manner], { env: same }), emulator)
      const inPath = { ...env, PREVU3D_CLOUD_API_URL: `${emulator.url}/${clientSecret}` }
      expectNothingSecret(await nightlatch(['doctor', 'prevu3d', ...manner], { env: inPath }), emulator)
      const asScheme = {
        ...env,
        PREVU3D_CLIENT_SECRET: 'a:marked-half',
        PREVU3D_CLOUD_API_URL: 'a:marked-half-and-more',
      }
      expect((await nightlatch(['doctor', 'prevu3d', ...manner], { env: asScheme })).stdout).not.toContain('marked')
      const inUrl = { ...env, PREVU3D_CLOUD_API_URL: `${emulator.url}/?secret=${encodeURIComponent(clientSecret)}` }
      expectNothingSecret(await nightlatch(['doctor', 'prevu3d', ...manner], { env: inUrl }), emulator)
    }
  })
})
