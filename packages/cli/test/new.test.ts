import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { run } from '../src/run.ts'
import { nightlatch, type Outcome } from './run-nightlatch.ts'

const root = join(import.meta.dirname, '../../..')
const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nightlatch-new-'))
  folders.push(folder)
  return folder
}

/** A project of somebody else's, with the packages from their sources. */
async function makeProject(): Promise<string> {
  const folder = await makeFolder()
  const modules = join(folder, 'node_modules')
  await mkdir(modules)
  await symlink(join(root, 'packages/cli/node_modules/@nightlatch'), join(modules, '@nightlatch'))
  for (const name of ['vitest', 'typescript', '@types'])
    await symlink(join(root, 'node_modules', name), join(modules, name))
  const settings = JSON.parse(await readFile(join(root, 'tsconfig.base.json'), 'utf8'))
  const compilerOptions = { ...settings.compilerOptions, types: ['node'] }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }))
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src', 'test'] }))
  await writeFile(
    join(folder, 'vitest.config.ts'),
    `const conditions = ['@nightlatch/source', 'module', 'import', 'default']
export default {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { include: ['test/**/*.test.ts'], testTimeout: 30_000, maxWorkers: 2 },
}
`,
  )
  return folder
}

/** Runs a program of the repository in a folder; what it printed, where it failed. */
function complaints(folder: string, program: string, ...parameters: readonly string[]): Promise<string> {
  const { VITEST: _, ...env } = process.env
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { ...env, NO_COLOR: '1' }, timeout: 240_000, maxBuffer: 2 ** 26 }
    execFile(join(root, 'node_modules/.bin', program), parameters, options, (error, stdout, stderr) =>
      resolve(error === null ? '' : `${stdout}${stderr}`),
    )
  })
}

const login = 'https://login.acme.example/oauth/token'
const api = 'https://api.acme.example/v2'

/** Vendors that differ, each by what would be typed for it. */
const shapes: Readonly<Record<string, readonly string[]>> = {
  plain: ['--token-endpoint', login],
  standard: [
    ...['--token-endpoint', login, '--api-url', api, '--scope', 'read write'],
    ...[
      '--sample',
      '{"access_token": "eyJhbGciOi.x.y", "token_type": "bearer", "expires_in": 3600, "scope": "read write"}',
    ],
  ],
  'json-nested': [
    ...['--token-endpoint', 'https://api.acme.example/v1/login', '--api-url', api, '--body-format', 'json'],
    ...['--client-authentication', 'post', '--client-id-name', 'apiKey', '--client-secret-name', 'apiSecret'],
    ...['--grant-type', 'none', '--header', 'x-api-version: 2'],
    ...['--sample', '{"success": true, "data": {"token": "abc.def", "expiresInMs": 3600000, "refreshToken": "real"}}'],
  ],
  'form-post': [
    ...['--token-endpoint', login, '--api-url', api, '--client-authentication', 'post', '--scope', 'acme.all'],
    ...['--parameter', `audience=${api}`, '--sample', '{"accessToken": "abc.def", "expiresIn": "7200"}'],
  ],
  'header-key': [
    ...['--token-endpoint', 'https://api.acme.example/session', '--api-url', api, '--token-header', 'X_SEC.Session'],
    ...['--client-authentication', 'header', '--client-id-name', 'x-client', '--client-secret-name', 'X.Api_Key'],
    ...['--grant-type', 'none', '--body-format', 'none'],
    ...['--sample', '{"session": {"token": "abc.def", "expiresAt": "2026-03-01T10:00:00Z"}}'],
  ],
  'query-epoch': [
    ...['--token-endpoint', 'https://api.acme.example/token', '--api-url', api, '--method', 'GET'],
    ...['--client-authentication', 'post', '--sample', '{"tokens": [{"value": "abcdef", "expires_on": 1770000000}]}'],
  ],
  'bare-text': [
    ...['--token-endpoint', 'https://api.acme.example/token', '--client-authentication', 'basic-raw'],
    ...['--sample', 'eyJhbGciOi.x.y', '--runner', 'node:test'],
  ],
  'form-answer': [
    ...['--token-endpoint', login, '--api-url', api, '--sample', 'access_token=abcdef&expires=3600&token_type=acme'],
  ],
  'token-in-header': [
    ...['--token-endpoint', login, '--api-url', api, '--token-header', 'x-auth-token', '--body-format', 'json'],
    ...['--client-authentication', 'post', '--grant-type', 'none'],
    ...[
      '--sample',
      'HTTP/1.1 201 Created\r\nSet-Cookie: a=real-cookie\r\nX-Subject-Token: real-token\r\n\r\n{"failCode": 0, "message": null, "session": {"key": "k", "expires_at": "2026-03-01T10:00:00.000Z"}}',
    ],
  ],
  'header-alone': [
    ...['--token-endpoint', login, '--api-url', api],
    ...['--sample', 'HTTP/2 200\ncontent-length: 0\nxsrf-token: real-token\n'],
  ],
  'head-for-nothing': [
    ...['--token-endpoint', login, '--sample', 'HTTP/1.1 200 OK\nX-Request-Id: 7\n\n{"access_token": "abc"}'],
  ],
  'code-of-zero': [
    ...[
      '--token-endpoint',
      login,
      '--sample',
      '{"code": 0, "msg": "ok", "tenant_access_token": "...", "expire": 7200}',
    ],
  ],
  default: [
    ...['--token-endpoint', login, '--api-url', api],
    ...[
      '--sample',
      '{"token": "abcdef", "expires": "Sun, 01 Mar 2026 10:00:00 GMT", "user\'s": {}, "list": [1, 2], "rows": [{"a": 1}]}',
    ],
  ],
}

describe('what nightlatch new writes', () => {
  it('passes lint, types and tests at once, whatever the vendor', { timeout: 300_000 }, async () => {
    const folder = await makeProject()
    for (const [name, flags] of Object.entries(shapes)) {
      const { status, stderr } = await nightlatch(['new', name, '--dir', folder, ...flags])
      expect({ name, status, stderr }).toEqual({ name, status: 0, stderr: '' })
    }
    const settings = JSON.parse(await readFile(join(root, 'biome.json'), 'utf8'))
    await writeFile(join(folder, 'biome.json'), JSON.stringify({ ...settings, $schema: undefined, vcs: undefined }))
    expect(await complaints(folder, 'biome', 'ci', '--colors=off', '--error-on-warnings', 'src', 'test', 'docs')).toBe(
      '',
    )
    expect(await complaints(folder, 'tsc', '--noEmit')).toBe('')
    const wholly = ['standard', 'json-nested', 'form-post', 'header-key', 'token-in-header', 'header-alone'].map(
      (name) => `test/${name}.test.ts`,
    )
    expect(await complaints(folder, 'vitest', 'run', ...wholly)).toBe('')
    const others = ['plain', 'head-for-nothing', 'query-epoch', 'form-answer', 'code-of-zero', 'default'].map(
      (name) => `test/${name}.test.ts`,
    )
    const about = 'asking for a token|reading the answer'
    expect(await complaints(folder, 'vitest', 'run', '--testNamePattern', about, ...others)).toBe('')
    expect(
      await complaints(folder, 'node', '--conditions=@nightlatch/source', '--test', 'test/bare-text.test.ts'),
    ).toBe('')
  })

  it('is no more than what differs', async () => {
    const folder = await makeFolder()
    const read = async (name: string): Promise<string> => {
      await nightlatch(['new', name, '--dir', folder, ...(shapes[name] ?? [])])
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

  it('a package of the repository passes lint, types and tests at once, too', { timeout: 300_000 }, async () => {
    const folder = await makeFolder()
    await mkdir(join(folder, 'tools'), { recursive: true })
    await mkdir(join(folder, 'packages/prevu3d'), { recursive: true })
    for (const file of [
      ...['biome.json', 'tsconfig.base.json', 'tsconfig.json', 'vitest.workspace.ts', 'package.json'],
      ...['LICENSE', 'packages/prevu3d/LICENSE', 'tools/package.json'],
    ]) {
      await cp(join(root, file), join(folder, file))
    }
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    const { status } = await nightlatch(['new', 'acme', '--package', '--dir', folder, ...(shapes['json-nested'] ?? [])])
    expect(status).toBe(0)
    const own = join(folder, 'packages/acme')
    await mkdir(join(own, 'node_modules'))
    await symlink(join(root, 'packages/cli/node_modules/@nightlatch'), join(own, 'node_modules/@nightlatch'))

    const written = ['packages/acme', 'docs', 'tools/package.json']
    expect(
      await complaints(folder, 'biome', 'ci', '--colors=off', '--error-on-warnings', '--vcs-enabled=false', ...written),
    ).toBe('')
    expect(await complaints(folder, 'tsc', '--noEmit', '--project', 'tsconfig.json')).toBe('')
    expect(await complaints(folder, 'vitest', 'run', '--config', 'vitest.workspace.ts', '--project', 'acme')).toBe('')
    const manifest = JSON.parse(await readFile(join(folder, 'tools/package.json'), 'utf8'))
    expect(Object.keys(manifest.devDependencies)).toContain('@nightlatch/acme')
    const licence = await readFile(join(own, 'LICENSE'), 'utf8')
    expect(licence.startsWith(await readFile(join(root, 'LICENSE'), 'utf8'))).toBe(true)
  })
})

describe('nightlatch new', () => {
  it('says what it wrote and what to do next, for people and as JSON', async () => {
    const folder = await makeFolder()
    const flags = ['new', 'acme', '--dir', folder, ...(shapes['json-nested'] ?? [])]
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
    expect(await next()).toContain('Without a --sample')
    expect(await next('--sample', '{"access_token": "abc"}')).not.toContain('Without a --sample')
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
    const flags = ['new', 'acme', '--dir', folder, ...(shapes['token-in-header'] ?? [])]
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
      'where are tokens asked for': 'https://login.acme.example/t\r',
      'How does it want': '\u001b[B\u001b[B\u001b[B\r',
      'Which header': 'x-key\r',
      'Which scopes': 'read\r',
      'sample answer': '\r',
      'Where is its API': 'https://api.acme.example\r',
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
    [['acme', '--token-endpoint', 'https://{host}/token'], /--token-endpoint holds a placeholder.*hostLabel/],
    [['acme', '--token-endpoint', 'https://a.example/<tenant>/token'], /--token-endpoint holds a placeholder/],
    [['acme', '--token-endpoint', login, '--api-url', 'https://{tenant}.example'], /--api-url holds a placeholder/],
    [['acme', '--token-endpoint', 'https://u:p@a.example'], /no user name/],
    [
      ['acme', '--token-endpoint', login, '--client-authentication', 'jwt'],
      /must be one of basic, basic-raw, post, header/,
    ],
    [['acme', '--token-endpoint', login, '--client-authentication', 'header'], /needs --client-secret-name/],
    [
      ['acme', '--token-endpoint', login, '--client-secret-name', 'x'],
      /are for --client-authentication post or header/,
    ],
    [['acme', '--token-endpoint', login, '--method', 'GET', '--body-format', 'json'], /GET has no body/],
    [['acme', '--token-endpoint', login, '--parameter', 'x'], /--parameter must be of the form name=value/],
    [['acme', '--token-endpoint', login, '--token-header', 'x y'], /no name of a header/],
    [['acme', '--token-endpoint', login, '--header', 'x y: 1'], /"x y" is no name of a header/],
    [
      ['acme', '--token-endpoint', login, '--body-format', 'json', '--parameter', 'request={"type": "a"}'],
      /--parameter request: nested JSON.*clientAuthentication/,
    ],
    [['acme', '--token-endpoint', login, '--sample', '<html>'], /no token can be told/],
    [['acme', '--token-endpoint', login, '--sample', '{"a": 1}'], /no token can be told.*HTTP\/1\.1 200 OK/],
    [['acme', '--token-endpoint', login, '--sample', 'HTTP/1.1 200 OK\nx-id: 1\n\n{"a": 1}'], /no token can be told/],
    [['acme', '--token-endpoint', login, '--sample', '@/no/such'], /cannot be read \(ENOENT\)/],
    [['acme', '--token-endpoint', login, '--package', '--dir', '/'], /--package is for Nightlatch's own repository/],
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
  const status = await run(parameters, { env: {}, stdin, stdout, stderr, terminal })
  return { status, ...printed }
}
