import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startAppServiceServer } from '../../workload-identity/test/servers/azure-server.ts'
import {
  type FederatedCredential,
  startFederatedServer,
} from '../../workload-identity/test/servers/federated-server.ts'
import { startGithubActionsServer } from '../../workload-identity/test/servers/github-actions-server.ts'
import { startGoogleMetadataServer } from '../../workload-identity/test/servers/google-metadata-server.ts'
import type { PlatformServer } from '../../workload-identity/test/servers/platform-server.ts'
import { createTokenIssuer, type TokenIssuer } from '../../workload-identity/test/servers/token-issuer.ts'
import { nightlatch, type Outcome } from './run-nightlatch.ts'
import { makeFolder } from './temporary-folder.ts'

// From the flags to a token: the platform's server issues the JWT, and a token endpoint checks it by what is registered.

const entra = 'api://AzureADTokenExchange'
const realm = 'https://keycloak.acme.example/realms/acme'

/** What a platform gives the command line. */
interface Job {
  readonly flags: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
}

interface Platform {
  readonly name: string
  readonly issuer: string
  readonly subject: string
  readonly audience: string
  readonly start: (issuer: TokenIssuer, subject: string, audience: string) => Promise<Job>
}

function untilEnd<Server extends PlatformServer>(server: Server): Server {
  onTestFinished(() => server.close())
  return server
}

const platforms: readonly Platform[] = [
  {
    name: 'Kubernetes, a projected token',
    issuer: 'https://kubernetes.default.svc.cluster.local',
    subject: 'system:serviceaccount:orders:robot',
    audience: realm,
    async start(issuer, sub, aud) {
      const path = join(await makeFolder(), 'token')
      await writeFile(path, await issuer.issue({ sub, aud }))
      return { flags: ['--assertion-file', path] }
    },
  },
  {
    name: 'SPIFFE, the file of spiffe-helper',
    issuer: 'https://spire.acme.example',
    subject: 'spiffe://acme.example/orders/robot',
    audience: realm,
    async start(issuer, sub, aud) {
      const path = join(await makeFolder(), 'jwt_svid.token')
      await writeFile(path, await issuer.issue({ sub, aud }))
      return { flags: ['--assertion-file', path, '--assertion-type', 'jwt-spiffe'] }
    },
  },
  {
    name: 'GitHub Actions',
    issuer: 'https://token.actions.githubusercontent.com',
    subject: 'repo:acme/orders:environment:production',
    audience: entra,
    async start(issuer, sub, audience) {
      const { environment } = untilEnd(await startGithubActionsServer(issuer, sub))
      return { flags: ['--assertion', 'github', '--assertion-audience', audience], env: environment }
    },
  },
  {
    name: 'GitLab',
    issuer: 'https://gitlab.com',
    subject: 'project_path:acme/orders:ref_type:branch:ref:main',
    audience: realm,
    start: async (issuer, sub, aud) => ({
      flags: ['--assertion', 'gitlab', '--assertion-variable', 'ACME_ID_TOKEN'],
      env: { ACME_ID_TOKEN: await issuer.issue({ sub, aud }) },
    }),
  },
  {
    name: 'Vercel',
    issuer: 'https://oidc.vercel.com/acme',
    subject: 'owner:acme:project:orders:environment:production',
    audience: 'https://vercel.com/acme',
    start: async (issuer, sub, aud) => ({
      flags: ['--assertion', 'vercel'],
      env: { VERCEL_OIDC_TOKEN: await issuer.issue({ sub, aud }) },
    }),
  },
  {
    name: 'Google Cloud',
    issuer: 'https://accounts.google.com',
    subject: '104929384756',
    audience: realm,
    async start(issuer, sub, audience) {
      const { environment } = untilEnd(await startGoogleMetadataServer(issuer, sub))
      return { flags: ['--assertion', 'google', '--assertion-audience', audience], env: environment }
    },
  },
  {
    name: 'Azure, App Service',
    issuer: 'https://login.microsoftonline.com/acme/v2.0',
    subject: '00001111-aaaa-2222-bbbb-3333cccc4444',
    audience: entra,
    async start(issuer, sub) {
      const { environment } = untilEnd(await startAppServiceServer(issuer, sub))
      return { flags: ['--assertion', 'azure'], env: environment }
    },
  },
]

interface Connected {
  readonly server: PlatformServer
  /** Runs a command with the flags of the job. */
  run(command: readonly string[], ...flags: readonly string[]): Promise<Outcome>
}

/** The workload of a platform, and a token endpoint that knows it unless something else is registered. */
async function connect(platform: Platform, registered: Partial<FederatedCredential> = {}): Promise<Connected> {
  const { issuer: name, subject, audience, start } = platform
  const issuer = await createTokenIssuer(name)
  const job = await start(issuer, subject, audience)
  const server = untilEnd(await startFederatedServer({ issuer, subject, audience, ...registered }))
  const target = ['smart-api', '--api-url', server.origin, '--token-endpoint', `${server.origin}/token`]
  return {
    server,
    async run([command = '', ...more], ...flags) {
      const outcome = await nightlatch([command, ...target, ...job.flags, ...flags, ...more], {
        env: { ...job.env } as Record<string, string>,
      })
      for (const { form } of server.requests) {
        const jwt = form.get('client_assertion') ?? form.get('assertion') ?? 'none'
        // Compared outside of `expect`, which would print the JWT.
        const parts = jwt.split('.').filter((part) => part.length > 30)
        expect(parts.some((part) => `${outcome.stdout}${outcome.stderr}`.includes(part))).toBe(false)
      }
      return outcome
    },
  }
}

describe.each(platforms)('$name', (platform) => {
  it('gets a token without a client id and without a secret', async () => {
    const { run } = await connect(platform)
    expect(await run(['token', '--show-token'])).toEqual({ status: 0, stdout: 'token-1\n', stderr: '' })
  })

  it('gets a token with the client id that the server requires, and where the JWT is the grant', async () => {
    const { run, server } = await connect(platform, { clientId: 'app' })
    expect(await run(['token', '--show-token'], '--client-id', 'app')).toMatchObject({ status: 0 })
    expect((await run(['token'], '--client-id', 'app', '--assertion-type', 'grant')).status).toBe(0)
    expect(server.requests.at(-1)?.form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
  })

  it('doctor shows the claims and what to register, and no JWT', async () => {
    const { run } = await connect(platform)
    const { stdout } = await run(['doctor', '--json'])
    const { steps } = JSON.parse(stdout)
    const step = steps.find(({ name }: { readonly name: string }) => name === 'assertion')
    const { issuer: iss, subject: sub, audience: aud } = platform
    expect(step).toMatchObject({ status: 'ok', details: { claims: { iss, sub, aud, exp: expect.any(Number) } } })
    expect(step.details.register['register at Entra']).toContain(`issuer ${iss}, subject ${sub}, audience ${aud}`)
    expect(step.details.register['register at Keycloak']).toContain(`issuer ${iss};`)
    expect(step.details.register['register at Google']).toContain(`allowed audience ${aud}`)
    expect(steps.find(({ name }: { readonly name: string }) => name === 'token-request').status).toBe('ok')
  })
})

describe('--assertion', () => {
  const [kubernetes] = platforms
  if (kubernetes === undefined) throw new Error('there is no platform')

  it('doctor: an expired JWT is not sent, and a missing file is named', async () => {
    const issuer = await createTokenIssuer(kubernetes.issuer)
    const path = join(await makeFolder(), 'token')
    await writeFile(path, await issuer.issue({ sub: 'robot', aud: realm, lifetime: -90 }))
    const target = [
      'doctor',
      'smart-api',
      '--api-url',
      'http://127.0.0.1:9',
      '--token-endpoint',
      'http://127.0.0.1:9/t',
    ]
    const expired = await nightlatch([...target, '--assertion-file', path])
    expect(expired.status).toBe(1)
    expect(expired.stdout).toMatch(/exp: \S+Z, 1 min 3\d s ago; it is not sent/)
    const missing = await nightlatch([...target, '--assertion-file', `${path}.none`])
    expect(missing.stdout).toContain(`${path}.none`)
    expect(missing.stdout).toContain('✗ Assertion')
  })

  it('doctor: a client of a configuration file that authenticates by a JWT', async () => {
    const issuer = await createTokenIssuer(kubernetes.issuer)
    const server = untilEnd(await startFederatedServer({ issuer, subject: 'robot', audience: realm }))
    const folder = await makeFolder()
    const [path, file] = [join(folder, 'token'), join(folder, 'nightlatch.config.mjs')]
    await writeFile(path, await issuer.issue({ sub: 'robot', aud: realm }))
    const core = new URL('../../core/src/index.ts', import.meta.url)
    const sources = new URL('../../workload-identity/src/index.ts', import.meta.url)
    await writeFile(
      file,
      `import { clientAssertion } from '${core}'; import { fromFile } from '${sources}'
      export default { clients: { acme: {
        provider: { name: 'acme', tokenEndpoint: '${server.origin}/token', clientAuthentication: clientAssertion(fromFile('${path}')) },
        credentials: {},
      } } }`,
    )
    expect((await nightlatch(['token', 'acme', '--show-token', '--config', file])).stdout).toBe('token-1\n')
    const { stdout } = await nightlatch(['doctor', 'acme', '--config', file])
    expect(stdout).toContain('✓ Assertion')
    expect(stdout).toContain('sub: robot')
    expect(stdout).toContain('✓ Token request')
    const refused = await nightlatch(['token', 'acme', '--assertion', 'vercel', '--config', file])
    expect(refused.status).toBe(2)
    expect(refused.stderr).toContain('--assertion is not a setting of acme, whose settings are in its file')
  })

  it('a rejected JWT: what the server saw, and doctor as the next step with the same flags', async () => {
    const { run } = await connect(kubernetes, { subject: 'another workload' })
    const { status, stderr } = await run(['token'])
    expect(status).toBe(1)
    expect(stderr).toContain("Assertion Subject: 'system:serviceaccount:orders:robot'")
    expect(stderr).toMatch(/run: nightlatch doctor smart-api .*--assertion-file \S+/)
  })

  it('L3: --cache keeps the token for the workload that got it', async () => {
    const issuer = await createTokenIssuer(kubernetes.issuer)
    const server = untilEnd(await startFederatedServer({ issuer, subject: 'robot', audience: realm }))
    const home = await makeFolder()
    const env = { HOME: home, XDG_CACHE_HOME: home, XDG_STATE_HOME: home }
    const path = join(home, 'token')
    const run = async (sub: string): Promise<Outcome> => {
      await writeFile(path, await issuer.issue({ sub, aud: realm }))
      const target = ['token', 'smart-api', '--api-url', server.origin, '--token-endpoint', `${server.origin}/token`]
      return await nightlatch([...target, '--assertion-file', path, '--cache', '--show-token'], { env })
    }
    // Each run has another JWT of the same workload.
    for (let times = 0; times < 3; times += 1) expect((await run('robot')).stdout).toBe('token-1\n')
    expect(server.requests).toHaveLength(1)
    expect(await run('another workload')).toMatchObject({ status: 1, stdout: '' })
  })

  it('flags that do not fit are refused', async () => {
    const target = ['token', 'smart-api', '--api-url', 'http://127.0.0.1:9', '--token-endpoint', 'http://127.0.0.1:9/t']
    const wrong: readonly (readonly [flags: readonly string[], message: string])[] = [
      [['--assertion', 'githb'], 'Did you mean github?'],
      [['--assertion', 'github', '--assertion-file', 'a'], 'only one of --assertion, --assertion-file can be set'],
      [['--assertion-audience', 'a'], '--assertion-audience requires --assertion or --assertion-file'],
      [['--assertion', 'google'], '--assertion google requires --assertion-audience <audience>'],
      [['--assertion', 'gitlab'], '--assertion gitlab requires --assertion-variable <name>'],
      [
        ['--assertion', 'vercel', '--assertion-audience', 'a'],
        '--assertion-audience is a setting of --assertion github, google, azure alone',
      ],
      [
        ['--assertion', 'github', '--client-secret-file', 'a'],
        '--client-secret-file and a JWT of the platform exclude each other',
      ],
      [['--assertion', 'github'], 'ACTIONS_ID_TOKEN_REQUEST_URL'],
    ]
    for (const [flags, message] of wrong) {
      const { status, stdout, stderr } = await nightlatch([...target, ...flags])
      expect({ flags, status, stdout }).toEqual({ flags, status: 2, stdout: '' })
      expect(stderr).toContain(message)
    }
  })
})
