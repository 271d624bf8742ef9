import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { run } from '../src/run.ts'
import { nightlatch, type Outcome } from './run-nightlatch.ts'
import { makeFolder } from './temporary-folder.ts'
import { login, vendors } from './vendor-flags.ts'

describe('what nightlatch new writes', () => {
  it('is no more than what differs', async () => {
    const folder = await makeFolder()
    const read = async (name: string): Promise<string> => {
      await nightlatch(['new', name, '--dir', folder, ...(vendors[name] ?? [])])
      return readFile(join(folder, `src/${name}.ts`), 'utf8')
    }
    const standard = await read('standard')
    expect(standard.split('\n').length).toBeLessThan(25)
    expect(standard).not.toMatch(/readTokenResponse|clientAuthentication|tokenRequest/)
    expect(await read('json-nested')).toMatch(
      /expiresIn: secondsFromMilliseconds\(readPath\(answer\.body, 'data', 'expiresInMs'\)\)/,
    )
    expect(await read('code-of-zero')).toMatch(/error: readPath\(answer\.body, 'code'\) \?\? usual\.error,/)
    expect(await read('form-post')).not.toMatch(/readTokenResponse/)
    expect(await read('head-for-nothing')).not.toMatch(/readTokenResponse/)
    const inHeader = await read('token-in-header')
    expect(inHeader).toMatch(/accessToken: answer\.headers\.get\('x-subject-token'\),/)
    expect(inHeader).toMatch(/dateFromIso\(readPath\(answer\.body, 'session', 'expires_at'\)\)/)
    expect(inHeader).toMatch(/error: readPath\(answer\.body, 'failCode'\) \?\? usual\.error,/)
    expect(await read('header-key')).toMatch(/dateFromIso\(readPath\(answer\.body, 'session', 'expiresAt'\)\)/)
  })
})

describe('nightlatch new', () => {
  it('says what it wrote and what to do next, for people and as JSON', async () => {
    const folder = await makeFolder()
    const flags = ['new', 'acme', '--dir', folder, ...(vendors['json-nested'] ?? [])]
    const told = await nightlatch(flags)
    expect(told).toMatchObject({ status: 0, stderr: '' })
    for (const text of [
      'src/acme.ts',
      'test/acme.test.ts',
      'docs/acme.md',
      'data.token',
      'milliseconds',
      'npx vitest',
    ]) {
      expect(told.stdout).toContain(text)
    }
    const { stdout } = await nightlatch([...flags, '--force', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      provider: 'acme',
      files: [expect.stringMatching(/acme\.ts$/), expect.anything(), expect.anything(), expect.anything()],
      sample: { token: 'data.token', lifetime: 'data.expiresInMs', lifetimeKind: 'milliseconds', readByDefault: false },
    })
  })

  it('says what green tests do not show where there was no sample', async () => {
    const folder = await makeFolder()
    const next = async (...flags: readonly string[]): Promise<string> =>
      (await nightlatch(['new', 'acme', '--dir', folder, '--force', '--token-endpoint', login, ...flags])).stdout
    expect(await next()).toContain('Without --sample')
    expect(await next('--sample', '{"access_token": "abc"}')).not.toContain('Without --sample')
  })

  it('overwrites nothing without --force, and then writes nothing at all', async () => {
    const folder = await makeFolder()
    await mkdir(join(folder, 'test'))
    await writeFile(join(folder, 'test/acme.test.ts'), 'mine')
    const flags = ['new', 'acme', '--dir', folder, '--token-endpoint', login]
    const refused = await nightlatch(flags)
    expect(refused).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/--force[\s\S]*test\/acme\.test\.ts/),
    })
    expect(existsSync(join(folder, 'src'))).toBe(false)
    expect(await readFile(join(folder, 'test/acme.test.ts'), 'utf8')).toBe('mine')
    expect((await nightlatch([...flags, '--force'])).status).toBe(0)
    expect(await readFile(join(folder, 'test/acme.test.ts'), 'utf8')).toContain('testProvider')
  })

  it('X1: writes no token of a sample down', async () => {
    const folder = await makeFolder()
    await nightlatch(['new', 'acme', '--dir', folder, '--token-endpoint', login, '--sample', '-'], {
      stdin: '{"access_token": "real-token-1", "refresh_token": "real-token-2", "id_token": "real-token-3"}',
    })
    for (const file of ['src/acme.ts', 'test/acme.test.ts', 'test/acme-emulation.ts', 'docs/acme.md']) {
      expect(await readFile(join(folder, file), 'utf8')).not.toContain('real-token')
    }
    expect(await readFile(join(folder, 'test/acme.test.ts'), 'utf8')).toContain("accessToken: 'sample-token'")
  })

  it('X1: writes neither token nor cookie of a head down, and says where the token is', async () => {
    const folder = await makeFolder()
    const flags = ['new', 'acme', '--dir', folder, ...(vendors['token-in-header'] ?? [])]
    expect((await nightlatch(flags)).stdout).toContain('the token is in the header x-subject-token')
    for (const file of ['src/acme.ts', 'test/acme.test.ts', 'test/acme-emulation.ts', 'docs/acme.md']) {
      expect(await readFile(join(folder, file), 'utf8')).not.toMatch(/real-/)
    }
    const { stdout } = await nightlatch([...flags, '--force', '--json'])
    expect(JSON.parse(stdout).sample).toMatchObject({ token: 'header x-subject-token', readByDefault: false })
  })

  it('imports neighbours as the project does', async () => {
    const folder = await makeFolder()
    const file = join(folder, 'answer.json')
    await writeFile(file, '{"access_token": "abcdef"}')
    await writeFile(join(folder, 'tsconfig.json'), '{ "compilerOptions": { "module": "nodenext" } }')
    const flags = ['new', 'acme', '--dir', folder, '--token-endpoint', login, '--sample', `@${file}`]
    expect((await nightlatch(flags)).status).toBe(0)
    expect(await readFile(join(folder, 'test/acme.test.ts'), 'utf8')).toContain("from '../src/acme.js'")
  })

  it('asks a person at a terminal', async () => {
    const folder = await makeFolder()
    const outcome = await talk(['new', 'acme', '--dir', folder], {
      'what is the token endpoint': 'https://login.acme.example/t\r',
      'How does it expect': '\u001b[B\u001b[B\u001b[B\r',
      'Which header': 'x-key\r',
      'Which scopes': 'read\r',
      'sample response': '\r',
      "What is its API's base URL": 'https://api.acme.example\r',
    })
    expect(outcome.status).toBe(0)
    const written = await readFile(join(folder, 'src/acme.ts'), 'utf8')
    for (const text of [
      "'https://login.acme.example/t'",
      "headers.set('x-key', credentials.clientSecret)",
      "['read']",
    ]) {
      expect(written).toContain(text)
    }
  })

  const mistakes: readonly (readonly [flags: readonly string[], says: RegExp])[] = [
    [['Acme', '--token-endpoint', login], /<name> must be a lower-case slug/],
    [['acme'], /missing: --token-endpoint/],
    [['acme', '--token-endpoint', 'acme'], /--token-endpoint must be an absolute URL/],
    [['acme', '--token-endpoint', 'http://a.example'], /--token-endpoint must be https.*allowInsecureRequests/],
    [['acme', '--token-endpoint', 'https://{host}/token'], /--token-endpoint contains a placeholder.*hostLabel/],
    [['acme', '--token-endpoint', 'https://a.example/<tenant>/token'], /--token-endpoint contains a placeholder/],
    [['acme', '--token-endpoint', login, '--api-url', 'https://{tenant}.example'], /--api-url contains a placeholder/],
    [['acme', '--token-endpoint', 'https://u:p@a.example'], /must not contain a user name/],
    [
      ['acme', '--token-endpoint', login, '--client-authentication', 'jwt'],
      /must be one of basic, basic-raw, post, header/,
    ],
    [['acme', '--token-endpoint', login, '--client-authentication', 'header'], /requires --client-secret-name/],
    [
      ['acme', '--token-endpoint', login, '--client-secret-name', 'x'],
      /are for --client-authentication post or header/,
    ],
    [['acme', '--token-endpoint', login, '--method', 'GET', '--body-format', 'json'], /GET has no body/],
    [['acme', '--token-endpoint', login, '--parameter', 'x'], /--parameter must be of the form name=value/],
    [['acme', '--token-endpoint', login, '--token-header', 'x y'], /not a valid header name/],
    [['acme', '--token-endpoint', login, '--header', 'x y: 1'], /"x y" is not a valid header name/],
    [
      ['acme', '--token-endpoint', login, '--body-format', 'json', '--parameter', 'request={"type": "a"}'],
      /--parameter request: nested JSON.*clientAuthentication/,
    ],
    [['acme', '--token-endpoint', login, '--sample', '<html>'], /no recognisable token/],
    [['acme', '--token-endpoint', login, '--sample', '{"a": 1}'], /no recognisable token.*HTTP\/1\.1 200 OK/],
    [['acme', '--token-endpoint', login, '--sample', 'HTTP/1.1 200 OK\nx-id: 1\n\n{"a": 1}'], /no recognisable token/],
    [['acme', '--token-endpoint', login, '--sample', '@/no/such'], /cannot be read \(ENOENT\)/],
    [
      ['acme', '--token-endpoint', login, '--package', '--dir', '/'],
      /--package is only for Nightlatch's own repository/,
    ],
  ]
  it.each(mistakes)('wrong usage: %j', async (flags, says) => {
    const folder = await makeFolder()
    const outcome = await nightlatch(['new', '--dir', folder, ...flags])
    expect(outcome).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(says) })
    expect(await readdir(folder)).toEqual([])
  })
})

/** A person who answers each question once it is asked. */
async function talk(parameters: readonly string[], answers: Readonly<Record<string, string>>): Promise<Outcome> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const printed = { stdout: '', stderr: '' }
  const waiting = new Map(Object.entries(answers))
  stdout.on('data', (chunk: Buffer) => {
    printed.stdout += chunk
  })
  stderr.on('data', (chunk: Buffer) => {
    printed.stderr += chunk
    for (const [question, answer] of waiting) {
      if (!printed.stderr.includes(question)) continue
      waiting.delete(question)
      setTimeout(() => stdin.write(answer), 50)
    }
  })
  const terminal = { stdin: true, stdout: true, stderr: true }
  const status = await run(
    parameters,
    { env: {}, stdin, stdout, stderr, terminal, pid: 1, isRunning: () => true },
    '0.0.0',
  )
  return { status, ...printed }
}
