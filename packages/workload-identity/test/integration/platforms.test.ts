import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { type AssertionSource, clientAssertion, createClient, jwtBearerGrant, type Provider } from '@nightlatch/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { azureManagedIdentity, fromFile, githubActions, gitlab, googleMetadata, vercel } from '../../src/index.ts'
import { failureOf } from '../failure-of.ts'
import { startAppServiceServer, startInstanceMetadataServer } from '../servers/azure-server.ts'
import { type FederatedCredential, startFederatedServer } from '../servers/federated-server.ts'
import { startGithubActionsServer } from '../servers/github-actions-server.ts'
import { startGoogleMetadataServer } from '../servers/google-metadata-server.ts'
import type { PlatformServer } from '../servers/platform-server.ts'
import { createTokenIssuer, type TokenIssuer } from '../servers/token-issuer.ts'

// From the platform to a token: the platform's server issues the JWT, and a token endpoint checks it by what is registered.

const entraAudience = 'api://AzureADTokenExchange'
const realm = 'https://keycloak.acme.example/realms/acme'

let folder: string
const running: PlatformServer[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nightlatch-platforms-'))
})
afterAll(async () => {
  await Promise.all(running.map((server) => server.close()))
  await rm(folder, { recursive: true, force: true })
})

function kept<Server extends PlatformServer>(server: Server): Server {
  running.push(server)
  return server
}

/** A platform: its issuer, the subject of its workload, and the source of its JWTs. */
interface Platform {
  readonly name: string
  readonly issuer: string
  readonly subject: string
  readonly audience: string
  readonly start: (issuer: TokenIssuer, subject: string, audience: string) => Promise<AssertionSource>
}

const platforms: readonly Platform[] = [
  {
    name: 'Kubernetes, a projected token',
    issuer: 'https://kubernetes.default.svc.cluster.local',
    subject: 'system:serviceaccount:orders:robot',
    audience: realm,
    async start(issuer, sub, aud) {
      const path = join(folder, 'projected')
      await writeFile(path, await issuer.issue({ sub, aud }))
      return fromFile(path)
    },
  },
  {
    name: 'AKS, AZURE_FEDERATED_TOKEN_FILE',
    issuer: 'https://eastus.oic.prod-aks.azure.com/acme/',
    subject: 'system:serviceaccount:orders:robot',
    audience: entraAudience,
    async start(issuer, sub, aud) {
      const path = join(folder, 'azure-identity-token')
      await writeFile(path, await issuer.issue({ sub, aud }))
      return fromFile({
        variable: 'AZURE_FEDERATED_TOKEN_FILE',
        environment: { AZURE_FEDERATED_TOKEN_FILE: path },
      })
    },
  },
  {
    name: 'GitHub Actions',
    issuer: 'https://token.actions.githubusercontent.com',
    subject: 'repo:acme/orders:environment:production',
    audience: entraAudience,
    async start(issuer, sub, audience) {
      const { environment } = kept(await startGithubActionsServer(issuer, sub))
      return githubActions({ audience, environment })
    },
  },
  {
    name: 'GitLab',
    issuer: 'https://gitlab.com',
    subject: 'project_path:acme/orders:ref_type:branch:ref:main',
    audience: realm,
    start: async (issuer, sub, aud) =>
      gitlab('ACME_ID_TOKEN', { environment: { ACME_ID_TOKEN: await issuer.issue({ sub, aud }) } }),
  },
  {
    name: 'Vercel',
    issuer: 'https://oidc.vercel.com/acme',
    subject: 'owner:acme:project:orders:environment:production',
    audience: 'https://vercel.com/acme',
    async start(issuer, sub, aud) {
      const request = new Headers({ 'x-vercel-oidc-token': await issuer.issue({ sub, aud }) })
      return vercel({ header: () => request.get('x-vercel-oidc-token'), environment: {} })
    },
  },
  {
    name: 'Google Cloud',
    issuer: 'https://accounts.google.com',
    subject: '104929384756',
    audience: realm,
    async start(issuer, sub, audience) {
      const { environment } = kept(await startGoogleMetadataServer(issuer, sub))
      return googleMetadata({ audience, environment })
    },
  },
  {
    name: 'Azure, a virtual machine',
    issuer: 'https://login.microsoftonline.com/acme/v2.0',
    subject: '00001111-aaaa-2222-bbbb-3333cccc4444',
    audience: entraAudience,
    async start(issuer, sub) {
      const { origin } = kept(await startInstanceMetadataServer(issuer, sub))
      return azureManagedIdentity({ endpoint: origin, environment: {} })
    },
  },
  {
    name: 'Azure, App Service',
    issuer: 'https://login.microsoftonline.com/acme/v2.0',
    subject: '00001111-aaaa-2222-bbbb-3333cccc4444',
    audience: entraAudience,
    async start(issuer, sub) {
      const { environment } = kept(await startAppServiceServer(issuer, sub))
      return azureManagedIdentity({ environment })
    },
  },
  {
    name: 'SPIFFE, the file of spiffe-helper',
    issuer: 'https://spire.acme.example',
    subject: 'spiffe://acme.example/orders/robot',
    audience: realm,
    async start(issuer, sub, aud) {
      const path = join(folder, 'jwt_svid.token')
      await writeFile(path, await issuer.issue({ sub, aud }))
      return fromFile(path)
    },
  },
]

describe.each(platforms)('$name', ({ issuer: name, subject, audience, start }) => {
  /** The workload's source, and a token endpoint that knows the workload unless something else is registered. */
  async function connect(
    registered: Partial<FederatedCredential> = {},
  ): Promise<{ provider: Provider; source: AssertionSource }> {
    const issuer = await createTokenIssuer(name)
    const source = await start(issuer, subject, audience)
    const server = kept(await startFederatedServer({ issuer, subject, audience, ...registered }))
    return {
      source,
      provider: {
        name: 'acme',
        tokenEndpoint: `${server.origin}/token`,
        clientAuthentication: clientAssertion(source),
      },
    }
  }

  it('gets a token without a client id', async () => {
    const { provider } = await connect()
    expect((await createClient(provider, { credentials: {} }).token()).value).toBe('token-1')
  })

  it('gets a token with the client id that the server requires', async () => {
    const { provider } = await connect({ clientId: 'app' })
    expect((await createClient(provider, { credentials: { clientId: 'app' } }).token()).value).toBe('token-1')
  })

  it('gets a token where the JWT is the grant, or a JWT-SVID', async () => {
    const { provider, source } = await connect()
    for (const clientAuthentication of [jwtBearerGrant(source), clientAssertion(source, { type: 'jwt-spiffe' })]) {
      const client = createClient({ ...provider, clientAuthentication }, { credentials: {} })
      expect((await client.token()).value).toMatch(/^token-\d$/)
    }
  })

  it('is rejected where something else is registered: the server says what it saw, and shows no JWT', async () => {
    const { provider, source } = await connect({ subject: 'another workload' })
    const failure = await failureOf(createClient(provider, { credentials: {} }).token())
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client' })
    expect(failure.errorDescription).toContain(`Assertion Subject: '${subject}'`)
    const [, payload = ''] = (await source()).split('.')
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain(payload.slice(0, 40))
  })
})

describe('Azure while its metadata service is updated', () => {
  it('G9: the grant is retried, and goes through', async () => {
    const issuer = await createTokenIssuer('https://login.microsoftonline.com/acme/v2.0')
    const metadata = kept(await startInstanceMetadataServer(issuer, 'robot'))
    const server = kept(await startFederatedServer({ issuer, subject: 'robot', audience: entraAudience }))
    metadata.respondNext({ status: 410 }, { status: 404 })
    const provider = {
      name: 'acme',
      tokenEndpoint: `${server.origin}/token`,
      clientAuthentication: clientAssertion(azureManagedIdentity({ endpoint: metadata.origin, environment: {} })),
    }
    expect((await createClient(provider, { credentials: {}, timeout: 60 }).token()).value).toBe('token-1')
    expect(metadata.requests).toHaveLength(3)
    expect(server.requests).toHaveLength(1)
  })

  it('a missing service account ends the grant at once, with what to check', async () => {
    const issuer = await createTokenIssuer('https://accounts.google.com')
    const metadata = kept(await startGoogleMetadataServer(issuer, 'robot'))
    const source = googleMetadata({ audience: realm, serviceAccount: 'nobody', environment: metadata.environment })
    const provider = {
      name: 'acme',
      tokenEndpoint: 'http://127.0.0.1:9/token',
      clientAuthentication: clientAssertion(source),
    }
    const failure = await failureOf(createClient(provider, { credentials: {} }).token())
    expect(failure).toMatchObject({ code: 'invalid_options', provider: 'acme' })
    expect(metadata.requests).toHaveLength(1)
  })
})

describe('a JWT that the platform renews', () => {
  it('L8: is read again from its file when the server rejects the old one, within the call', async () => {
    const issuer = await createTokenIssuer('https://kubernetes.default.svc.cluster.local')
    const subject = 'system:serviceaccount:orders:robot'
    const server = kept(await startFederatedServer({ issuer, subject, audience: realm }))
    const path = join(folder, 'renewed')
    await writeFile(path, await issuer.issue({ sub: subject, aud: 'https://old.example' }))
    const file = fromFile(path)
    const fresh = await issuer.issue({ sub: subject, aud: realm })
    let asked = 0
    const source: AssertionSource = async () => {
      const jwt = await file()
      asked += 1
      // The platform renews it while the first request is on its way.
      if (asked === 1) await writeFile(path, fresh)
      return jwt
    }
    const provider = {
      name: 'acme',
      tokenEndpoint: `${server.origin}/token`,
      clientAuthentication: clientAssertion(source),
    }
    expect((await createClient(provider, { credentials: {} }).token()).value).toBe('token-1')
    expect(server.requests).toHaveLength(2)
  })

  it('that is no longer renewed is not sent once it has expired', async () => {
    const issuer = await createTokenIssuer('https://kubernetes.default.svc.cluster.local')
    const server = kept(await startFederatedServer({ issuer, subject: 'robot', audience: realm }))
    const path = join(folder, 'stale')
    await writeFile(path, await issuer.issue({ sub: 'robot', aud: realm, lifetime: -75 }))
    const provider = {
      name: 'acme',
      tokenEndpoint: `${server.origin}/token`,
      clientAuthentication: clientAssertion(fromFile(path)),
    }
    const failure = await failureOf(createClient(provider, { credentials: {} }).token())
    expect(failure.message).toMatch(new RegExp(`The JWT of the source \`file ${path}\` expired 7\\d s ago`))
    expect(server.requests).toEqual([])
  })
})
