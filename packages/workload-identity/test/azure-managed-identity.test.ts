import { inspect } from 'node:util'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { azureManagedIdentity, type Environment } from '../src/index.ts'
import { failureOf, thrownBy } from './failure-of.ts'
import {
  type AppServiceServer,
  assignedIdentity,
  startAppServiceServer,
  startInstanceMetadataServer,
} from './servers/azure-server.ts'
import type { PlatformServer } from './servers/platform-server.ts'
import { createTokenIssuer } from './servers/token-issuer.ts'

const sub = '00001111-aaaa-2222-bbbb-3333cccc4444'
let metadata: PlatformServer
let appService: AppServiceServer

beforeAll(async () => {
  const issuer = await createTokenIssuer('https://login.microsoftonline.com/acme/v2.0')
  metadata = await startInstanceMetadataServer(issuer, sub)
  appService = await startAppServiceServer(issuer, sub)
})
afterAll(async () => {
  await metadata.close()
  await appService.close()
})

describe("Azure's Instance Metadata Service", () => {
  const options = (): { endpoint: string; environment: Environment } => ({ endpoint: metadata.origin, environment: {} })

  it('gets the token of the identity, for app registrations by default', async () => {
    expect(decodeJwt(await azureManagedIdentity(options())())).toMatchObject({ sub, aud: 'api://AzureADTokenExchange' })
  })

  it('takes another audience, and a user-assigned identity', async () => {
    const audience = 'https://vault.azure.net'
    const jwt = await azureManagedIdentity({ ...options(), audience, clientId: assignedIdentity })()
    expect(decodeJwt(jwt).aud).toBe(audience)
    expect(metadata.requests.at(-1)?.query.get('client_id')).toBe(assignedIdentity)
  })

  it('asks 169.254.169.254 by default', async () => {
    let url = ''
    const fetch: typeof globalThis.fetch = async (input) => {
      url = String(input)
      return Response.json({ access_token: 'a.b.c' })
    }
    expect(await azureManagedIdentity({ environment: {}, fetch })()).toBe('a.b.c')
    expect(url).toBe(
      'http://169.254.169.254/metadata/identity/oauth2/token?resource=api%3A%2F%2FAzureADTokenExchange&api-version=2018-02-01',
    )
  })

  it.each([404, 410, 429, 500, 503])('G9: status %i is transient', async (status) => {
    metadata.respondNext({ status, body: { error: 'unavailable' } })
    const failure = await failureOf(azureManagedIdentity(options())())
    expect(failure).toMatchObject({ code: 'endpoint_unavailable', status, retryable: true })
  })

  it('a wrong audience is not transient, and the code of the error is shown', async () => {
    const failure = await failureOf(azureManagedIdentity({ ...options(), audience: 'https://wrong.example' })())
    expect(failure).toMatchObject({ code: 'invalid_options', status: 400, retryable: false })
    expect(failure.message).toContain('(invalid_resource)')
    expect(failure.message).toContain('https://wrong.example')
    expect(failure.message).not.toContain('AADSTS50001')
  })

  it('an identity that is not assigned is named', async () => {
    const failure = await failureOf(azureManagedIdentity({ ...options(), clientId: 'other' })())
    expect(failure.message).toContain('Is the managed identity other assigned')
  })
})

describe('Azure App Service and Functions', () => {
  it('gets the token from the endpoint in the environment', async () => {
    const jwt = await azureManagedIdentity({ environment: appService.environment })()
    expect(decodeJwt(jwt)).toMatchObject({ sub, aud: 'api://AzureADTokenExchange' })
  })

  it('follows the platform when it changes the header', async () => {
    const environment: Record<string, string | undefined> = { ...appService.environment, IDENTITY_HEADER: 'old' }
    const source = azureManagedIdentity({ environment })
    expect(await failureOf(source())).toMatchObject({ code: 'invalid_options', status: 401 })
    environment.IDENTITY_HEADER = appService.identityHeader
    expect(decodeJwt(await source()).sub).toBe(sub)
  })

  it('a 404 is not transient here', async () => {
    appService.respondNext({ status: 404 })
    const failure = await failureOf(azureManagedIdentity({ environment: appService.environment })())
    expect(failure).toMatchObject({ code: 'invalid_options', retryable: false })
  })

  it('X1: the header is not shown', async () => {
    appService.respondNext({ status: 400, body: { error: `no ${appService.identityHeader}` } })
    const failure = await failureOf(azureManagedIdentity({ environment: appService.environment })())
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('MARKED')
  })

  it('the header is sent to no plain http address of another machine', async () => {
    const environment = { ...appService.environment, IDENTITY_ENDPOINT: 'http://token.example/MSI/token' }
    const { message } = await failureOf(azureManagedIdentity({ environment })())
    expect(message).toContain('IDENTITY_ENDPOINT must be an https URL or a local one')
  })

  it.each(['http://169.254.130.4:8081/msi/token', 'http://localhost:42356/msi/token'])('%s is local', async (url) => {
    const fetch: typeof globalThis.fetch = async () => Response.json({ access_token: 'a.b.c' })
    const environment = { IDENTITY_ENDPOINT: url, IDENTITY_HEADER: 'h' }
    expect(await azureManagedIdentity({ environment, fetch })()).toBe('a.b.c')
  })
})

it('rejects wrong options', () => {
  const wrong = { resource: 'x' } as object
  expect(thrownBy(() => azureManagedIdentity(wrong)).message).toContain('unknown option `resource`')
  expect(thrownBy(() => azureManagedIdentity({ clientId: '' })).message).toContain('azureManagedIdentity: clientId')
})
