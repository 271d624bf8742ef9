import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type SmartCompletionsEmulator,
  type StandardEmulator,
  smartCompletionsEmulation,
  standardEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCertificateAuthority } from '../../../testing/test/certificates.ts'
import { inFlags } from '../../src/flag-words.ts'
import { checkSyntax } from '../../src/new-provider/check-syntax.ts'
import { knownProviders } from '../../src/providers.ts'
import { nightlatch, nightlatchProcess } from '../run-nightlatch.ts'
import { startCertifiedServer } from './certified-server.ts'
import { type Examined, hexagonEnv, seeDoctor } from './see-doctor.ts'

let emulator: SmartCompletionsEmulator
let env: Record<string, string>
const running: { close(): Promise<void> }[] = []
beforeEach(async () => {
  emulator = await startEmulator(smartCompletionsEmulation())
  running.push(emulator)
  env = hexagonEnv(emulator)
})
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())))

const see = async (body: unknown, status = 200, flags: readonly string[] = []): Promise<Examined> => {
  emulator.faults.set('token', { name: 'answer', answer: { status, body } })
  return await seeDoctor(['smart-completions', ...flags], { env })
}

describe('a response with no token in a known place', () => {
  it('names the fields and their places, and prints the readTokenResponse', async () => {
    const { outcome, step, report } = await see({
      success: true,
      data: { token: 'marked-token-value', expiresInSeconds: 3600, site: 'marked-site' },
    })
    const answer = step('token-response')
    expect(answer.status).toBe('failed')
    expect(answer.details.paths).toEqual(['success', 'data.token', 'data.expiresInSeconds', 'data.site'])
    expect(answer.saw.join('\n')).toContain('data.expiresInSeconds')
    expect(answer.details.readTokenResponse).toContain("accessToken: readPath(answer.body, 'data', 'token'),")
    expect(answer.details.readTokenResponse).toContain("expiresIn: readPath(answer.body, 'data', 'expiresInSeconds'),")
    expect(answer.saw.join('\n')).toContain('function readSmartCompletionsAnswer(answer: TokenAnswer): TokenFields {')
    expect(report.whatToDo).toEqual([expect.stringMatching(/^Write a readTokenResponse /)])
    expect(outcome.stdout).not.toContain('marked-')
    checkSyntax('printed.ts', answer.details.readTokenResponse)
  })

  it('for people, too', async () => {
    emulator.faults.set('token', { name: 'answer', answer: { body: { jwt: 'marked-token-value' } } })
    const { stdout } = await nightlatch(['doctor', 'smart-completions'], { env })
    expect(stdout).toContain("accessToken: readPath(answer.body, 'jwt'),")
    expect(stdout).toMatch(/✗ Token response\n/)
    expect(stdout).not.toContain('marked-')
  })

  it.each([
    ['fields that tell nothing', { a: 'marked-a', b: { c: 'marked-c' } }, /b\.c/],
    ['a list', [{ token: 'marked-token-value' }], /0\.token/],
    ['a name that may be a secret', { 'marked value token': 'x', n: 1 }, /an odd name/],
  ])('%s: the places, and code that parses', async (_, body, places) => {
    const { outcome, step, report } = await see(body)
    expect(step('token-response').saw.join('\n')).toMatch(places)
    checkSyntax('printed.ts', step('token-response').details.readTokenResponse)
    expect(report.whatToDo.join()).toContain('Write a readTokenResponse')
    expect(outcome.stdout).not.toContain('marked')
  })

  it('a token as plain text, and one in a header', async () => {
    emulator.faults.set('token', {
      name: 'answer',
      answer: { headers: { 'content-type': 'text/plain' }, body: 'marked-token-as-text' },
    })
    const text = await seeDoctor(['smart-completions'], { env })
    expect(text.step('token-response').details.readTokenResponse).toContain('body.trim()')
    emulator.faults.set('token', {
      name: 'answer',
      answer: { headers: { 'x-auth-token': 'marked-token-in-header' }, body: { ok: true } },
    })
    const header = await seeDoctor(['smart-completions'], { env })
    expect(header.step('token-response').details.readTokenResponse).toContain("answer.headers.get('x-auth-token')")
    for (const { outcome } of [text, header]) expect(outcome.stdout).not.toContain('marked-')
  })
})

describe('a rejection', () => {
  it.each([
    [401, { error: 'invalid_client' }],
    [400, { error: 'invalid_scope', error_description: 'no' }],
    [403, { message: 'Forbidden' }],
    [503, { error: 'temporarily_unavailable' }],
  ])('%s %j: "Token response" is no success', async (status, body) => {
    const { step } = await see(body, status)
    expect(step('token-response')).toMatchObject({ status: 'skipped', details: { fields: Object.keys(body) } })
    expect(step('token-response').saw[0]).toContain('the response is an error')
    expect(step('token-request').status).toBe('failed')
  })

  it.each([
    "AADSTS700016: Application with identifier 'x' was not found in the directory 'y'.",
    'The OAuth client was not found.',
    "Invalid value for 'client_id' parameter.",
    'Unknown client',
    'The client application is disabled',
  ])('whose words are about the client id: %s', async (words) => {
    const { report } = await see({ error: 'invalid_client', error_description: words }, 401)
    expect(report.whatToDo[0]).toMatch(/^The server's message is about the client id \(HEXAGON_CLIENT_ID\)/)
    expect(report.whatToDo.join('\n')).not.toContain('--probe-authentication')
    // The secret of this client holds characters that are advised about otherwise.
    expect(report.whatToDo.join('\n')).not.toMatch(/Check the client secret \(/)
  })

  it.each(['AADSTS7000215: Invalid client secret provided.', 'The client secret is expired'])(
    'whose words are about the secret: %s',
    async (words) => {
      const { report } = await see({ error: 'invalid_client', error_description: words }, 401)
      expect(report.whatToDo[0]).toMatch(/^The server's message is about the client secret \(HEXAGON_CLIENT_SECRET\)/)
    },
  )

  it.each(['Invalid client or Invalid client credentials', 'Client authentication failed', 'Unauthorized', ''])(
    'whose words leave it open: %s',
    async (words) => {
      const { report } = await see({ error: 'invalid_client', error_description: words }, 401)
      expect(report.whatToDo.join('\n')).not.toContain("The server's message is about")
      expect(report.whatToDo.join('\n')).toContain('--probe-authentication')
    },
  )
})

describe('no advice contradicts a finding of the same run', () => {
  it('after a failed probe nothing of what was probed is advised', async () => {
    const { report, step } = await see({ error: 'invalid_client' }, 401, ['--probe-authentication'])
    expect(step('authentication-probe')).toMatchObject({ status: 'failed' })
    const advice = report.whatToDo.join('\n')
    expect(advice).not.toMatch(/--client-authentication|clientSecret(Post|Basic)|--probe-authentication|form-encodes/)
    expect(advice).toContain('The way of sending the credentials is not the cause')
  })

  it('and where the words were about the id, no new secret is advised', async () => {
    const body = { error: 'invalid_client', error_description: 'Unknown client' }
    const { report } = await see(body, 401, ['--probe-authentication'])
    expect(report.whatToDo.join('\n')).not.toContain('new client secret')
    expect(report.whatToDo.join('\n')).toContain('correct the client id')
  })

  it('a certificate that is refused is what to look at, and no firewall', async () => {
    const server = await startCertifiedServer(emulator.host)
    running.push(server)
    const { report, step } = await seeDoctor(['smart-completions', '--token-endpoint', server.url], { env })
    expect(step('token-request').details.failure.code).toBe('endpoint_unavailable')
    expect(report.whatToDo).toHaveLength(1)
    expect(report.whatToDo[0]).toContain('NODE_EXTRA_CA_CERTS')
  })

  it('a response in JSON is no sign-in page', async () => {
    const { report } = await see({ something: 'else' })
    expect(report.whatToDo.join('\n')).not.toMatch(/sign-in page|address of the token endpoint/)
  })
})

describe('no code where a flag exists', () => {
  it('in the hints of token, call and doctor', async () => {
    const wrong = { ...env, HEXAGON_CLIENT_SECRET: 'a-wrong-client-secret' }
    for (const typed of [
      ['token', 'smart-completions'],
      ['call', 'smart-completions', 'x'],
      ['doctor', 'smart-completions'],
    ]) {
      const { stdout, stderr } = await nightlatch(typed, { env: wrong })
      expect(`${stdout}${stderr}`).toContain('--client-authentication post')
      expect(`${stdout}${stderr}`).not.toMatch(/clientAuthentication|clientSecret(Post|Basic)/)
    }
    const scope = { ...env, HEXAGON_SCOPE: 'EE9C5479-0000-4000-8000-000000000000 ingr.api' }
    const { stderr } = await nightlatch(['token', 'smart-completions'], { env: scope })
    expect(stderr).toContain("--scope 'EE9C5479-0000-4000-8000-000000000000'")
  })

  it('in what the probe finds', async () => {
    const flags = ['--client-authentication', 'basic-form', '--probe-authentication']
    const { report } = await seeDoctor(['smart-completions', ...flags], { env })
    expect(report.whatToDo).toEqual(['Send the credentials as basic-raw: --client-authentication basic-raw.'])
  })

  it('but code where there is none', () => {
    const prevu3d = knownProviders.find(({ name }) => name === 'prevu3d')
    if (prevu3d === undefined) throw new Error('prevu3d is gone')
    expect(inFlags('try clientAuthentication: clientSecretPost()', prevu3d)).toContain('clientSecretPost()')
    expect(inFlags('add it to apiOrigins, or set cloudApiUrl', prevu3d)).toBe(
      'add it to --api-origin, or set --cloud-api-url',
    )
  })
})

describe('a lifetime', () => {
  it('that looks like milliseconds is a warning', async () => {
    const { step } = await see({ access_token: 'opaque-token-value', expires_in: 3_600_000 })
    expect(step('token-response')).toMatchObject({ status: 'warning' })
    expect(step('token-response').saw.join()).toContain('looks like milliseconds')
  })
})

describe('a configured client without a secret', () => {
  it('is examined by what it has', async () => {
    const standard: StandardEmulator = await startEmulator(standardEmulation())
    running.push(standard)
    const folder = await mkdtemp(join(tmpdir(), 'nightlatch-'))
    try {
      const file = join(folder, 'nightlatch.config.mjs')
      await writeFile(
        file,
        `const authenticate = ({ parameters }, { clientId }) => parameters.set('client_id', clientId)
         const clientAuthentication = { name: 'none', authenticate }
         export default { clients: { open: {
           provider: { name: 'acme', tokenEndpoint: '${standard.tokenEndpoint}', clientAuthentication },
           credentials: { clientId: 'open-client' },
         } } }`,
      )
      const { step } = await seeDoctor(['open', '--config', file])
      expect(step('settings').saw.join()).toContain('no client secret: the client authenticates in another way')
      expect(standard.requests.filter(({ part }) => part === 'token')).toHaveLength(1)
      expect(step('authentication-probe').status).toBe('skipped')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('at a terminal', () => {
  it('the line that says what is waited for says it of the thing itself', async () => {
    const { stderr } = await nightlatch(['doctor', 'smart-completions'], { env, typed: '' })
    const esc = String.fromCharCode(27)
    const waits = stderr.split(`\r${esc}[K`).map((line) => line.replaceAll(new RegExp(`${esc}\\[\\d+m`, 'g'), ''))
    expect(waits).toEqual(['Waiting for a token ...', expect.stringMatching(/^Waiting for the API at .* \.\.\.$/), ''])
    for (const title of ['Clock', 'Settings', 'Token request', 'Access']) expect(stderr).not.toContain(title)
  })
})

it('with an authority that is trusted, an expired certificate is the one thing to do', async () => {
  const authority = await createCertificateAuthority()
  const server = await startCertifiedServer(emulator.host, { authority, begins: -10, ends: -1 })
  running.push(server)
  const folder = await mkdtemp(join(tmpdir(), 'nightlatch-'))
  try {
    const file = join(folder, 'authority.pem')
    await writeFile(file, authority.cert)
    const typed = ['doctor', 'smart-completions', '--token-endpoint', server.url, '--json']
    const { stdout } = await nightlatchProcess(typed, { env: { ...env, NODE_EXTRA_CA_CERTS: file } })
    expect(JSON.parse(stdout).whatToDo).toEqual([expect.stringContaining('must renew the certificate')])
  } finally {
    await rm(folder, { recursive: true })
  }
})
