import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startCertifiedServer } from '../doctor/certified-server.ts'
import { makeFolder } from '../temporary-folder.ts'
import { configurationOf, startTokenServer, type TokenServer } from '../token-server.ts'
import { isInstalled, runProgram, writeExecutable } from './program.ts'

// The programs themselves call `nightlatch token`, and a server on loopback checks what they send.

async function startServer(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An executable that prints the token of `acme`, whose API is at `api`, and the folder that it is in. */
async function prepare(
  server: TokenServer,
  api: string,
  parameters: readonly string[],
  name = 'nightlatch-token',
): Promise<{ readonly folder: string; readonly executable: string }> {
  const folder = await makeFolder()
  const file = join(folder, 'nightlatch.config.mjs')
  await writeFile(file, configurationOf(server, `api: '${api}'`))
  const executable = await writeExecutable(folder, name, ['--config', file, 'token', 'acme', ...parameters])
  return { folder, executable }
}

const isBasic = ({ headers }: IncomingMessage, password: string | undefined): boolean =>
  headers.authorization === `Basic ${Buffer.from(`oauth2:${password}`).toString('base64')}`

describe.skipIf(!isInstalled('git', '--version'))('git', () => {
  const gitEnv = (folder: string): Record<string, string> => ({
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@acme.example',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@acme.example',
  })

  it('fetches from a server that requires the token, and reads its expiry', async () => {
    const server = await startTokenServer()
    const folder = await makeFolder()
    const run = (parameters: readonly string[], stdin = '') =>
      runProgram('git', parameters, { env: gitEnv(folder), cwd: folder, stdin })
    expect(await run(['init', '--quiet', 'origin.git'])).toMatchObject({ status: 0 })
    await run(['-C', 'origin.git', 'commit', '--quiet', '--allow-empty', '--message', 'first'])

    const statuses: number[] = []
    const origin = await startServer((request, response) => {
      const isAuthorized = isBasic(request, server.granted.at(-1))
      statuses.push(isAuthorized ? 200 : 401)
      if (!isAuthorized) return void response.writeHead(401, { 'www-authenticate': 'Basic realm="acme"' }).end()
      serveGit(folder, request, response)
    })
    const { executable } = await prepare(server, origin, ['--format', 'git-credential'])
    const helper = ['-c', `credential.${origin}.helper=!'${executable}'`]

    const cloned = await run([...helper, 'clone', '--quiet', `${origin}/origin.git`, 'clone'])
    expect(cloned).toMatchObject({ status: 0 })
    expect(statuses[0]).toBe(401)
    expect(statuses.slice(1)).not.toContain(401)
    expect((await run(['-C', 'clone', 'log', '--format=%s'])).stdout).toBe('first\n')

    const { host } = new URL(origin)
    const filled = await run([...helper, 'credential', 'fill'], `protocol=http\nhost=${host}\n\n`)
    expect(filled.stdout).toContain(`password=${server.granted.at(-1)}\n`)
    // Git 2.40 and newer know the expiry; older ones leave it out.
    expect(filled.stdout).toMatch(
      /^protocol=http\nhost=\S+\nusername=oauth2\npassword=\S+\n(password_expiry_utc=\d+\n)?$/,
    )
  })

  it('gets nothing for another server, and goes on to ask elsewhere', async () => {
    const server = await startTokenServer()
    const { folder, executable } = await prepare(server, 'https://git.acme.example', ['--format', 'git-credential'])
    const parameters = ['-c', `credential.helper=!'${executable}'`, 'credential', 'fill']
    const stdin = 'protocol=https\nhost=github.com\n\n'
    const { status, stdout, stderr } = await runProgram('git', parameters, { env: gitEnv(folder), stdin })
    expect({ status, stdout }).toEqual({ status: 128, stdout: '' })
    expect(stderr).toContain('https://github.com is not an allowed origin')
    expect(server.granted).toEqual([])
  })

  /** Runs the CGI program of Git for one request. */
  function serveGit(root: string, request: IncomingMessage, response: ServerResponse): void {
    const { pathname, search } = new URL(request.url ?? '', 'http://127.0.0.1')
    const env = {
      PATH: process.env.PATH ?? '',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname.replace('/origin.git', '/origin.git/.git'),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method ?? '',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      HOME: root,
    }
    const cgi = spawn('git', ['http-backend'], { env })
    request.pipe(cgi.stdin)
    const chunks: Buffer[] = []
    cgi.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    cgi.on('close', () => {
      const answer = Buffer.concat(chunks)
      const end = answer.indexOf('\r\n\r\n')
      const lines = answer.subarray(0, end).toString('latin1').split('\r\n')
      const headers = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()])
      const status = headers.find(([name]) => name?.toLowerCase() === 'status')?.[1] ?? '200'
      response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers)).end(answer.subarray(end + 4))
    })
  }
})

describe.skipIf(!isInstalled('kubectl', 'version', '--client'))('kubectl', () => {
  it('sends the token of its credential plugin', async () => {
    const server = await startTokenServer()
    const seen: (string | undefined)[] = []
    const origin = await startServer(({ headers }, response) => {
      seen.push(headers.authorization)
      const isAuthorized = headers.authorization === `Bearer ${server.granted.at(-1)}`
      response.writeHead(isAuthorized ? 200 : 401, { 'content-type': 'application/json' }).end('{"hello":"robot"}')
    })
    // kubectl runs no credential plugin for a server without TLS.
    const certified = await startCertifiedServer(origin)
    onTestFinished(() => certified.close())
    const { folder, executable } = await prepare(server, certified.url, ['--format', 'exec-credential'])
    const kubeconfig = join(folder, 'kubeconfig')
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: executable, interactiveMode: 'Never' }
    await writeFile(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'acme', cluster: { server: certified.url, 'insecure-skip-tls-verify': true } }],
        users: [{ name: 'robot', user: { exec } }],
        contexts: [{ name: 'acme', context: { cluster: 'acme', user: 'robot' } }],
        'current-context': 'acme',
      }),
    )
    const { status, stdout, stderr } = await runProgram('kubectl', ['get', '--raw', '/hello'], {
      env: { KUBECONFIG: kubeconfig, HOME: folder },
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({ hello: 'robot' })
    expect([...new Set(seen)]).toEqual(['Bearer MARKED-token-1'])
  })
})

describe.skipIf(!isInstalled('docker', '--version'))('docker', () => {
  it('reads a registry with the token of its credential helper', async () => {
    const server = await startTokenServer()
    const config = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } })
    const digest = `sha256:${createHash('sha256').update(config).digest('hex')}`
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json'
    const described = { mediaType: 'application/vnd.docker.container.image.v1+json', size: config.length, digest }
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config: described, layers: [] })
    const answers: Record<string, readonly [type: string, body: string]> = {
      '/v2/': ['application/json', '{}'],
      '/v2/acme/orders/manifests/1': [mediaType, manifest],
      [`/v2/acme/orders/blobs/${digest}`]: ['application/octet-stream', config],
    }
    const paths: string[] = []
    const origin = await startServer((request, response) => {
      if (!isBasic(request, server.granted.at(-1)))
        return void response.writeHead(401, { 'www-authenticate': 'Basic realm="acme"' }).end()
      paths.push(request.url ?? '')
      const [type, body] = answers[request.url ?? ''] ?? ['text/plain', '']
      response.writeHead(body === '' ? 404 : 200, { 'content-type': type }).end(body)
    })
    const { folder } = await prepare(server, origin, ['--format', 'docker'], 'docker-credential-nightlatch')
    const registry = new URL(origin).host
    await writeFile(join(folder, 'config.json'), JSON.stringify({ credHelpers: { [registry]: 'nightlatch' } }))
    const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, DOCKER_CONFIG: folder }
    const parameters = ['manifest', 'inspect', '--insecure', `${registry}/acme/orders:1`]
    const { status, stdout, stderr } = await runProgram('docker', parameters, { env })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 2 })
    expect(paths).toContain('/v2/acme/orders/manifests/1')
  })
})

describe.skipIf(!isInstalled('aws', '--version'))('aws', () => {
  it('signs its requests with the credentials of the role', async () => {
    const server = await startTokenServer()
    const role = 'arn:aws:iam::123456789012:role/reports'
    const seen: { readonly authorization: string | undefined; readonly session: unknown }[] = []
    const sts = await startServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      const form = new URLSearchParams(text)
      response.setHeader('content-type', 'text/xml')
      if (form.get('Action') === 'AssumeRoleWithWebIdentity') {
        const isKnown = form.get('WebIdentityToken') === server.granted.at(-1) && form.get('RoleArn') === role
        const expiration = new Date(Date.now() + 3_600_000).toISOString()
        const body = `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
          <SessionToken>session-of-robot</SessionToken><SecretAccessKey>secret-of-robot</SecretAccessKey>
          <Expiration>${expiration}</Expiration><AccessKeyId>ASIAROBOT</AccessKeyId>
          </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`
        return void response.writeHead(isKnown ? 200 : 400).end(body)
      }
      const { authorization } = request.headers
      seen.push({ authorization, session: request.headers['x-amz-security-token'] })
      response.end(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
        <Arn>arn:aws:sts::123456789012:assumed-role/reports/nightlatch</Arn><UserId>A</UserId><Account>123456789012</Account>
        </GetCallerIdentityResult></GetCallerIdentityResponse>`)
    })
    const parameters = ['--format', 'aws-process', '--role-arn', role]
    const { folder, executable } = await prepare(server, 'https://api.acme.example', parameters)
    const config = join(folder, 'aws-config')
    await writeFile(config, `[default]\nregion = eu-central-1\ncredential_process = "${executable}"\n`)
    const env = {
      HOME: folder,
      AWS_CONFIG_FILE: config,
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
      AWS_ENDPOINT_URL_STS: sts,
      AWS_EC2_METADATA_DISABLED: 'true',
    }
    const { status, stdout, stderr } = await runProgram('aws', ['sts', 'get-caller-identity', '--output', 'json'], {
      env,
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ Account: '123456789012' })
    expect(seen).toHaveLength(1)
    expect(seen[0]?.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=ASIAROBOT\//)
    expect(seen[0]?.session).toBe('session-of-robot')
  })
})
