import { expect, it } from 'vitest'
import { nightlatch } from './run-nightlatch.ts'

it('nothing typed: the help, and exit status 2', async () => {
  const outcome = await nightlatch([])
  expect(outcome).toMatchObject({ status: 2, stdout: '' })
  expect(outcome.stderr).toContain('Usage: nightlatch')
})

it('--help and --version: exit status 0', async () => {
  const help = await nightlatch(['--help'])
  expect(help).toMatchObject({ status: 0, stderr: '' })
  for (const command of ['demo', 'token', 'call', '--json', 'Exit status']) expect(help.stdout).toContain(command)
  expect(await nightlatch(['--version'])).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  })
})

it('with --json, help, version and a command that is left out are one document, too', async () => {
  const read = async (typed: readonly string[]) => {
    const { status, stdout, stderr } = await nightlatch(typed)
    return { status, stderr, document: JSON.parse(stdout) as unknown }
  }
  const left = { error: expect.objectContaining({ code: 'wrong_usage', message: 'no command given' }) }
  expect(await read(['--json'])).toEqual({ status: 2, stderr: '', document: left })
  const version = { version: expect.stringMatching(/^\d+\.\d+\.\d+$/) }
  expect(await read(['--version', '--json'])).toEqual({ status: 0, stderr: '', document: version })
  const help = { help: expect.stringContaining('Usage: nightlatch token') }
  expect(await read(['token', '--help', '--json'])).toEqual({ status: 0, stderr: '', document: help })
})

it('FORCE_COLOR brings colours into a pipe, and NO_COLOR takes them out of everything', async () => {
  const isColoured = async (env: Readonly<Record<string, string>>) =>
    (await nightlatch(['providers'], { env })).stdout.includes('\u001b[')
  expect(await isColoured({})).toBe(false)
  expect(await isColoured({ FORCE_COLOR: '1' })).toBe(true)
  expect(await isColoured({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false)
})

it('the help of a command names every flag and every variable', async () => {
  const { stdout } = await nightlatch(['token', '--help'])
  const named = [
    ...['PREVU3D_CLIENT_ID', 'PREVU3D_CLIENT_SECRET', 'PREVU3D_CLOUD_API_URL'],
    ...['HEXAGON_CLIENT_ID', 'HEXAGON_CLIENT_SECRET', 'HEXAGON_HOST', 'HEXAGON_API_URL'],
    ...['HEXAGON_AUTHORIZATION_SERVER', 'HEXAGON_TOKEN_ENDPOINT', 'HEXAGON_SCOPE', 'HEXAGON_RESOURCE'],
    ...['--client-id', '--client-secret-file', '--timeout', '--json', '--show-token', 'prevu3d', 'smart-completions'],
  ]
  for (const name of named) expect(stdout).toContain(name)
  expect(stdout).not.toMatch(/--client-secret(?!-file)/)
  expect((await nightlatch(['call', '--help'])).stdout).toContain('{organization_id}')
})

it('everything missing is named at once, by flag and variable', async () => {
  const prevu3d = await nightlatch(['token', 'prevu3d'])
  expect(prevu3d).toMatchObject({ status: 2, stdout: '' })
  expect(prevu3d.stderr).toContain('missing: --client-id or PREVU3D_CLIENT_ID')
  expect(prevu3d.stderr).toContain('missing: PREVU3D_CLIENT_SECRET, or --client-secret-file')
  const { status, stderr } = await nightlatch(['call', 'smart-completions', 'x'])
  expect(status).toBe(2)
  for (const name of ['HEXAGON_CLIENT_ID', 'HEXAGON_CLIENT_SECRET', '--host or HEXAGON_HOST', '--issuer']) {
    expect(stderr).toContain(name)
  }
  expect(stderr).toContain(
    'missing: --authorization-server or HEXAGON_AUTHORIZATION_SERVER, or --token-endpoint or HEXAGON_TOKEN_ENDPOINT, or --issuer',
  )
})

it('an empty variable counts as none', async () => {
  const { stderr } = await nightlatch(['token', 'prevu3d'], {
    env: { PREVU3D_CLIENT_ID: '', PREVU3D_CLIENT_SECRET: '' },
  })
  expect(stderr.match(/missing/g)).toHaveLength(2)
})

const prevu3d = { PREVU3D_CLIENT_ID: 'id', PREVU3D_CLIENT_SECRET: 'marked-secret-Zq7' }
const hexagon = {
  HEXAGON_CLIENT_ID: 'id',
  HEXAGON_CLIENT_SECRET: 'marked-secret-Zq7',
  HEXAGON_HOST: 'https://completions.example.com',
  HEXAGON_AUTHORIZATION_SERVER: 'https://auth.example.com',
}

const mistakes: readonly {
  readonly typed: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly says: RegExp
}[] = [
  { typed: ['dance'], says: /unknown command 'dance'/ },
  { typed: ['token'], says: /missing required argument 'provider'/ },
  { typed: ['token', 'acme'], says: /prevu3d, smart-completions, smart-api/ },
  { typed: ['call', 'prevu3d'], says: /missing required argument 'path'/ },
  { typed: ['token', 'prevu3d', '--client-secret', 'x'], says: /unknown option '--client-secret'/ },
  { typed: ['token', 'prevu3d', '--timeout', 'soon'], says: /number of seconds/ },
  { typed: ['token', 'prevu3d', '--timeout', '-1'], says: /number of seconds/ },
  { typed: ['token', 'prevu3d', '--host', 'https://a.test'], env: prevu3d, says: /--host is not a setting of prevu3d/ },
  {
    typed: ['token', 'prevu3d', '--cloud-api-url', 'a.test'],
    env: prevu3d,
    says: /--cloud-api-url must be an absolute/,
  },
  {
    typed: ['token', 'prevu3d'],
    env: { ...prevu3d, PREVU3D_CLOUD_API_URL: 'a.test' },
    says: /PREVU3D_CLOUD_API_URL must be an absolute URL/,
  },
  { typed: ['token', 'prevu3d', '--cloud-api-url', 'http://a.test'], env: prevu3d, says: /must be https/ },
  { typed: ['token', 'prevu3d', '--client-secret-file', '/no/such'], env: prevu3d, says: /\/no\/such .*ENOENT/ },
  { typed: ['token', 'prevu3d', '--client-id', 'a:b'], env: prevu3d, says: /colon/ },
  {
    typed: ['token', 'smart-completions', '--issuer', 'https://a.test', '--token-endpoint', 'https://b.test'],
    env: hexagon,
    says: /only one of --token-endpoint, --issuer can be set/,
  },
  {
    typed: ['token', 'smart-completions'],
    env: { ...hexagon, HEXAGON_TOKEN_ENDPOINT: 'https://b.test' },
    says: /only one of HEXAGON_AUTHORIZATION_SERVER, HEXAGON_TOKEN_ENDPOINT can be set/,
  },
  { typed: ['call', 'prevu3d', 'x', '-d', 'no json'], env: prevu3d, says: /--data is not JSON/ },
  { typed: ['call', 'prevu3d', 'x', '-d', '{}', '-X', 'GET'], env: prevu3d, says: /GET takes no --data/ },
  { typed: ['call', 'prevu3d', 'x', '-d', '@/no/such'], env: prevu3d, says: /ENOENT/ },
  {
    typed: ['call', 'prevu3d', 'x', '-d', '-', '--client-secret-file', '-'],
    env: prevu3d,
    says: /stdin cannot provide/,
  },
  { typed: ['call', 'prevu3d', 'x', '-H', 'marked-secret-Zq7'], env: prevu3d, says: /--header must be of the form/ },
]

for (const { typed, env = {}, says } of mistakes) {
  it(`wrong usage: ${typed.join(' ')}, ${says.source}`, async () => {
    const told = await nightlatch(typed, { env })
    expect(told).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(says) })
    const { status, stdout, stderr } = await nightlatch([...typed, '--json'], { env })
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' })
    const { error } = JSON.parse(stdout)
    expect(error.code).toMatch(/^(wrong_usage|invalid_options)$/)
    expect([error.message, ...error.hints].join('\n')).toMatch(says)
    for (const printed of [told.stderr, stdout]) expect(printed).not.toContain('marked-secret')
  })
}
