import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { nightlatch, type Outcome, type Surroundings } from '../run-nightlatch.ts'
import { makeFolder } from '../temporary-folder.ts'
import { clientSecret, configurationOf, startTokenServer, type TokenServer } from '../token-server.ts'

type Run = (parameters: readonly string[], surroundings?: Surroundings) => Promise<Outcome>

/** Runs `nightlatch token acme`, whose API is https://git.acme.example. */
async function prepare(
  server: TokenServer,
  more = "api: 'https://git.acme.example', apiOrigins: ['http://127.0.0.1:5000']",
): Promise<Run> {
  const file = join(await makeFolder(), 'nightlatch.config.mjs')
  await writeFile(file, configurationOf(server, more))
  return async (parameters, surroundings) => {
    const outcome = await nightlatch(['--config', file, 'token', 'acme', ...parameters], surroundings)
    expect(`${outcome.stdout}${outcome.stderr}`.includes(clientSecret)).toBe(false)
    return outcome
  }
}

describe('--format', () => {
  it('header: a line for curl', async () => {
    const run = await prepare(await startTokenServer())
    expect(await run(['--format', 'header'])).toEqual({
      status: 0,
      stdout: 'Authorization: Bearer MARKED-token-1\n',
      stderr: '',
    })
  })

  it("header: the vendor's own headers", async () => {
    const own =
      "authorizeRequest: (headers, token) => { headers.set('x-api-token', token.value); headers.set('x-v', '2') }"
    const run = await prepare(await startTokenServer(), own)
    expect((await run(['--format', 'header'])).stdout).toBe('X-Api-Token: MARKED-token-1\nX-V: 2\n')
  })

  it('env: one line, under the chosen name', async () => {
    const run = await prepare(await startTokenServer())
    expect((await run(['--format', 'env'])).stdout).toBe('ACCESS_TOKEN=MARKED-token-1\n')
    expect((await run(['--format', 'env', '--variable', 'GH_TOKEN'])).stdout).toBe('GH_TOKEN=MARKED-token-2\n')
    expect(await run(['--format', 'env', '--variable', 'a b'])).toMatchObject({ status: 2, stdout: '' })
  })

  it('text and json: what is said without a format', async () => {
    const run = await prepare(await startTokenServer())
    expect((await run(['--format', 'text'])).stdout).toContain('token of acme')
    const { stdout } = await run(['--format', 'json'])
    expect(JSON.parse(stdout)).toMatchObject({ client: 'acme', type: 'Bearer' })
    expect(stdout.includes('MARKED-token')).toBe(false)
  })

  it('exec-credential: the version that kubectl asks for', async () => {
    const run = await prepare(await startTokenServer())
    const read = async (env: Record<string, string>): Promise<unknown> =>
      JSON.parse((await run(['--format', 'exec-credential'], { env })).stdout)
    expect(await read({})).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: {
        token: 'MARKED-token-1',
        expirationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      },
    })
    const info = { apiVersion: 'client.authentication.k8s.io/v1beta1', kind: 'ExecCredential', spec: {} }
    expect(await read({ KUBERNETES_EXEC_INFO: JSON.stringify(info) })).toMatchObject({ apiVersion: info.apiVersion })
    expect(await read({ KUBERNETES_EXEC_INFO: 'no JSON' })).toMatchObject({
      apiVersion: 'client.authentication.k8s.io/v1',
    })
  })

  it('flags and operations that do not fit are refused, and cost no grant', async () => {
    const server = await startTokenServer()
    const run = await prepare(server)
    const wrong: readonly (readonly [parameters: readonly string[], message: string])[] = [
      [['--format', 'headr'], 'Did you mean header?'],
      [['--username', 'a'], '--username is a setting of --format git-credential and docker alone'],
      [['get'], 'get is an operation of --format git-credential and docker alone'],
      [['--format', 'git-credential', 'list'], '--format git-credential knows no operation list'],
      [['--format', 'aws-process'], 'requires --role-arn or AWS_ROLE_ARN'],
      [['--minimum-lifetime', '0'], 'It must be a number of seconds, at most 604800.'],
    ]
    for (const [parameters, message] of wrong) {
      const { status, stdout, stderr } = await run(parameters)
      expect({ parameters, status, stdout }).toEqual({ parameters, status: 2, stdout: '' })
      expect(stderr).toContain(message)
    }
    const both = await run(['--format', 'env', '--json'])
    expect(JSON.parse(both.stdout).error.message).toContain('--json and --format env exclude each other')
    expect(server.granted).toEqual([])
  })

  it('a failed grant prints nothing on stdout, where the other program reads', async () => {
    const run = await prepare({ origin: 'http://127.0.0.1:9', granted: [] })
    for (const format of ['header', 'env', 'exec-credential', 'git-credential', 'docker']) {
      const stdin = format === 'docker' ? 'git.acme.example' : 'protocol=https\nhost=git.acme.example\n'
      const { status, stdout, stderr } = await run(['--format', format, '--timeout', '2'], { stdin })
      expect({ format, status, stdout }).toEqual({ format, status: 1, stdout: '' })
      expect(stderr).toContain('nightlatch doctor acme')
    }
  })
})

describe('--minimum-lifetime', () => {
  it('says on stderr that the server issues no such token', async () => {
    const run = await prepare(await startTokenServer({ lifetime: 600 }))
    const short = await run(['--format', 'header', '--minimum-lifetime', '900'])
    expect(short).toMatchObject({ status: 0, stdout: 'Authorization: Bearer MARKED-token-1\n' })
    expect(short.stderr).toMatch(/^The token lives (600|59\d) s: the server issues none that lives 900 s.\n$/)
    expect(await run(['--format', 'header', '--minimum-lifetime', '60'])).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('--format git-credential', () => {
  const format = ['--format', 'git-credential']
  const ask = 'protocol=https\nhost=git.acme.example\npath=a.git\n\n'

  it('get: user name, token and its expiry', async () => {
    const run = await prepare(await startTokenServer())
    const { status, stdout, stderr } = await run([...format, 'get'], { stdin: ask })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const [username, password, expiry, ...rest] = stdout.split('\n')
    expect([username, password, ...rest]).toEqual(['username=oauth2', 'password=MARKED-token-1', ''])
    const seconds = Number(expiry?.replace('password_expiry_utc=', ''))
    expect(Math.abs(seconds - Date.now() / 1000 - 3600)).toBeLessThan(120)
  })

  it('get: the user name of the flag, or of the URL', async () => {
    const run = await prepare(await startTokenServer())
    const named = await run([...format, '--username', 'x-token-auth', 'get'], { stdin: ask })
    expect(named.stdout).toContain('username=x-token-auth\n')
    const inUrl = await run([...format, '--username', 'x-token-auth', 'get'], { stdin: `username=ana\n${ask}` })
    expect(inUrl.stdout).toContain('username=ana\n')
  })

  it('get: another server gets no token, and the note says what to do', async () => {
    const server = await startTokenServer()
    const run = await prepare(server)
    for (const other of [
      'protocol=https\nhost=github.com\n',
      'protocol=http\nhost=git.acme.example\n',
      'protocol=https\nhost=git.acme.example:8443\n',
      'protocol=https\nhost=git.acme.example@evil.example\n',
    ]) {
      const { status, stdout, stderr } = await run([...format, 'get'], { stdin: other })
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
      expect(stderr).toMatch(/is not an allowed origin for the token of acme. Add it to the provider's `apiOrigins`/)
    }
    expect(server.granted).toEqual([])
  })

  it('store prints nothing; a request without protocol and host is wrong usage', async () => {
    const server = await startTokenServer()
    const run = await prepare(server)
    expect(await run([...format, 'store'], { stdin: ask })).toEqual({ status: 0, stdout: '', stderr: '' })
    const empty = await run([...format, 'get'], { stdin: '' })
    expect(empty).toMatchObject({ status: 2, stdout: '' })
    expect(empty.stderr).toContain('stdin has no protocol and host')
    expect(server.granted).toEqual([])
  })
})

describe('--format docker', () => {
  const format = ['--format', 'docker']

  it('get: the shape of the protocol, with the registry as it was named', async () => {
    const run = await prepare(await startTokenServer())
    for (const [at, ServerURL] of ['git.acme.example', 'https://git.acme.example/v2/', '127.0.0.1:5000'].entries()) {
      const { stdout } = await run([...format, 'get'], { stdin: `${ServerURL}\n` })
      expect(JSON.parse(stdout)).toEqual({ ServerURL, Username: 'oauth2', Secret: `MARKED-token-${at + 1}` })
    }
  })

  it('get: another registry gets the text by which Docker goes on without credentials', async () => {
    const server = await startTokenServer()
    const run = await prepare(server)
    const { status, stdout } = await run([...format, 'get'], { stdin: 'https://index.docker.io/v1/' })
    expect({ status, stdout }).toEqual({ status: 1, stdout: 'credentials not found in native keychain\n' })
    expect(server.granted).toEqual([])
  })

  it('list, store and erase', async () => {
    const run = await prepare(await startTokenServer())
    expect(await run([...format, 'list'])).toEqual({ status: 0, stdout: '{}\n', stderr: '' })
    const credentials = '{"ServerURL":"git.acme.example","Username":"a","Secret":"b"}'
    expect(await run([...format, 'store'], { stdin: credentials })).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(await run([...format, 'erase'], { stdin: 'git.acme.example' })).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    })
  })
})

describe('--format aws-process', () => {
  const role = 'arn:aws:iam::123456789012:role/reports'

  /** AWS's Security Token Service, by the sample response of its reference. */
  async function startSts(answer: { readonly status: number; readonly body: string }): Promise<{
    readonly env: Record<string, string>
    readonly forms: URLSearchParams[]
  }> {
    const forms: URLSearchParams[] = []
    const server = createServer(async (incoming, outgoing) => {
      let text = ''
      for await (const chunk of incoming) text += String(chunk)
      forms.push(new URLSearchParams(text))
      outgoing.writeHead(answer.status, { 'content-type': 'text/xml' }).end(answer.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const env = { AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
    return { env, forms }
  }

  const granted = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>robot</SubjectFromWebIdentityToken>
    <Credentials>
      <SessionToken>AQoDYXdzEE0a8ANXXXXXXXXNO1ewxE5TijQyp+IEXAMPLE&amp;=</SessionToken>
      <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY</SecretAccessKey>
      <Expiration>2026-11-30T23:00:23Z</Expiration>
      <AccessKeyId>ASgeIAIOSFODNN7EXAMPLE</AccessKeyId>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`

  it('exchanges the token for the credentials of the role', async () => {
    const run = await prepare(await startTokenServer())
    const { env, forms } = await startSts({ status: 200, body: granted })
    const { status, stdout, stderr } = await run(['--format', 'aws-process', '--role-arn', role], { env })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({
      Version: 1,
      AccessKeyId: 'ASgeIAIOSFODNN7EXAMPLE',
      SecretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY',
      SessionToken: 'AQoDYXdzEE0a8ANXXXXXXXXNO1ewxE5TijQyp+IEXAMPLE&=',
      Expiration: '2026-11-30T23:00:23Z',
    })
    expect(Object.fromEntries(forms[0] ?? [])).toEqual({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: role,
      RoleSessionName: 'nightlatch',
      WebIdentityToken: 'MARKED-token-1',
    })
  })

  it('says what AWS rejects, without the token', async () => {
    const run = await prepare(await startTokenServer())
    const body = `<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code>
      <Message>No OpenIDConnect provider found for MARKED-token-1</Message></Error></ErrorResponse>`
    const { env } = await startSts({ status: 400, body })
    const { status, stdout, stderr } = await run(['--format', 'aws-process'], { env: { ...env, AWS_ROLE_ARN: role } })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain('answered 400 InvalidIdentityToken: No OpenIDConnect provider found for [redacted]')
  })

  it('sends the token only to an address of AWS that is https, or to this machine', async () => {
    const server = await startTokenServer()
    const run = await prepare(server)
    const wrong = [{ AWS_ENDPOINT_URL_STS: 'http://sts.acme.example' }, { AWS_REGION: 'x.evil.example/' }]
    for (const env of wrong) {
      const outcome = await run(['--format', 'aws-process', '--role-arn', role], { env })
      expect(outcome).toMatchObject({ status: 2, stdout: '' })
      expect(outcome.stderr).toContain("is not an address of AWS's Security Token Service")
    }
  })

  it('an endpoint that does not answer is named', async () => {
    const run = await prepare(await startTokenServer())
    const env = { AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' }
    const { status, stderr } = await run(['--format', 'aws-process', '--role-arn', role], { env })
    expect(status).toBe(1)
    expect(stderr).toContain('http://127.0.0.1:9')
  })
})
