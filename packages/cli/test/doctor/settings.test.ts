import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Prevu3dEmulator, prevu3dEmulation, startEmulator } from '@nightlatch/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { describeCredentialText } from '../../src/doctor/credential-text.ts'
import { expectNothingSecret, prevu3dEnv, seeDoctor } from './see-doctor.ts'

let emulator: Prevu3dEmulator
beforeEach(async () => {
  emulator = await startEmulator(prevu3dEmulation())
})
afterEach(() => emulator.close())

it('says which settings there are and where from; of the secret its length and odd characters alone', async () => {
  const { outcome, step } = await seeDoctor(['prevu3d', '--client-id', emulator.credentials.clientId], {
    env: { ...prevu3dEnv(emulator), PREVU3D_CLIENT_ID: 'another' },
  })
  const { status, details } = step('settings')
  expect(status).toBe('ok')
  expect(details.settings).toEqual([
    { name: 'clientId', source: '--client-id', length: 36 },
    { name: 'cloudApiUrl', source: 'PREVU3D_CLOUD_API_URL', value: `${emulator.url}/` },
  ])
  expect(details.clientSecret).toEqual({
    source: 'PREVU3D_CLIENT_SECRET',
    length: [...emulator.credentials.clientSecret].length,
    oddities: ['blanks', 'percent-encoded', 'not-ascii'],
    encodedCharacters: ['%', '&', '+', ':', '='],
  })
  expectNothingSecret(outcome, emulator)
})

it('a client id and a secret that are swapped: neither is shown', async () => {
  const { clientId, clientSecret } = emulator.credentials
  const env = {
    ...prevu3dEnv(emulator),
    PREVU3D_CLIENT_ID: clientSecret.replaceAll(':', '-'),
    PREVU3D_CLIENT_SECRET: clientId,
  }
  const { outcome } = await seeDoctor(['prevu3d'], { env })
  expect(outcome.status).toBe(1)
  for (const text of [clientId, clientSecret.replaceAll(':', '-')]) expect(outcome.stdout.includes(text)).toBe(false)
})

it('names what is missing, and goes on with what does not need it', async () => {
  const { outcome, report, step, statuses } = await seeDoctor(['prevu3d'], {
    env: { PREVU3D_CLOUD_API_URL: 'http://localhost:1' },
  })
  expect(outcome.status).toBe(1)
  expect(statuses).toMatchObject({ settings: 'failed', 'name-resolution': 'ok', 'token-request': 'skipped' })
  expect(step('settings').saw.filter((line) => line.startsWith('missing'))).toEqual([
    'missing: --client-id or PREVU3D_CLIENT_ID',
    'missing: PREVU3D_CLIENT_SECRET, or --client-secret-file',
  ])
  expect(report.whatToDo[0]).toContain('PREVU3D_CLIENT_ID')
  expect(report.tokenRequests).toBe(0)
})

it('Hexagon without a host: still the authorization server is looked up', async () => {
  const { statuses, step } = await seeDoctor(['smart-completions', '--authorization-server', 'https://auth.invalid/x'])
  expect(statuses).toMatchObject({ settings: 'failed', 'name-resolution': 'failed', tls: 'skipped' })
  expect(step('name-resolution').details.host).toBe('auth.invalid')
})

it('settings that contradict each other, or are no URL, are a finding; what is no URL is not shown', async () => {
  const env = { ...prevu3dEnv(emulator), PREVU3D_CLOUD_API_URL: 'marked-secret-in-the-wrong-place' }
  const wrong = await seeDoctor(['prevu3d'], { env })
  expect(wrong.step('settings').saw).toContain('PREVU3D_CLOUD_API_URL must be an absolute URL')
  expect(wrong.outcome.stdout).not.toContain('marked-secret')
  const both = ['--issuer', 'https://a.invalid', '--token-endpoint', 'https://b.invalid']
  const { step } = await seeDoctor(['smart-api', ...both])
  expect(step('settings').saw).toContain('only one of --token-endpoint, --issuer can be set')
})

it('a line break at the end of the secret: named, nothing sent, nothing shown', async () => {
  const secret = 'marked-secret-Zq7\n'
  const { outcome, step, report } = await seeDoctor(['prevu3d'], {
    env: { ...prevu3dEnv(emulator), PREVU3D_CLIENT_SECRET: secret },
  })
  expect(step('settings')).toMatchObject({ status: 'failed', details: { clientSecret: { oddities: ['line-break'] } } })
  expect(outcome.stdout).not.toContain('marked-secret')
  expect(report.whatToDo.join()).toContain('line break')
  expect(emulator.requests).toEqual([])
})

it('oddities of a secret that the server refuses are what to look at first', async () => {
  const { outcome, report } = await seeDoctor(['prevu3d'], {
    env: { ...prevu3dEnv(emulator), PREVU3D_CLIENT_SECRET: ` "${emulator.credentials.clientSecret}"` },
  })
  expect(report.whatToDo[0]).toMatch(/client secret \(PREVU3D_CLIENT_SECRET\).*begins or ends with a blank/)
  expect(report.whatToDo[1]).toContain('quotes')
  expectNothingSecret(outcome, emulator)
})

it('a secret from a file, and one from a file that is not there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nightlatch-'))
  try {
    const file = join(folder, 'secret')
    await writeFile(file, `${emulator.credentials.clientSecret}\n`)
    const env = prevu3dEnv(emulator)
    const there = await seeDoctor(['prevu3d', '--client-secret-file', file], { env })
    expect(there.step('settings').details.clientSecret.source).toBe('--client-secret-file')
    expect(there.outcome.status).toBe(0)
    const missing = await seeDoctor(['prevu3d', '--client-secret-file', join(folder, 'none')], { env })
    expect(missing.step('settings').saw.join()).toContain('ENOENT')
    expect(missing.outcome.status).toBe(1)
  } finally {
    await rm(folder, { recursive: true })
  }
})

const pair = Buffer.from('the-id:some-secret').toString('base64')
for (const [text, names] of [
  ['Zk3-plain_secret', []],
  ['secret-value\r\n', ['line-break']],
  [' secret-value', ['surrounding-blanks']],
  ['secret value', ['blanks']],
  ["'secret-value'", ['quotes']],
  ['secret\u0007value', ['control-characters']],
  ['a%2Bb', ['percent-encoded']],
  [pair, ['base64-pair']],
  ['eyJhb...', ['ellipsis']],
  ['abc…xyz', ['ellipsis']],
  ['<client-secret>', ['placeholder']],
  ['$SECRET', ['placeholder']],
  ['your-client-secret', ['placeholder']],
  ['abc\u200bdef', ['invisible']],
  ['geheimnüß', ['not-ascii']],
  ['Basic abc', ['scheme', 'blanks']],
  ['the-id', ['as-client-id']],
] as const) {
  it(`${JSON.stringify(text)} is odd in: ${names.join(', ') || 'nothing'}`, () => {
    expect(describeCredentialText(text, 'the-id').map(({ name }) => name)).toEqual(names)
  })
}
