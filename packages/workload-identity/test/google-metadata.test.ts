import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { googleMetadata } from '../src/index.ts'
import { failureOf, thrownBy } from './failure-of.ts'
import { type GoogleMetadataServer, startGoogleMetadataServer } from './servers/google-metadata-server.ts'
import { createTokenIssuer } from './servers/token-issuer.ts'

const audience = 'https://login.example/realms/acme'
let server: GoogleMetadataServer

beforeAll(async () => {
  server = await startGoogleMetadataServer(await createTokenIssuer('https://accounts.google.com'), '104929')
})
afterAll(() => server.close())

describe("Google's metadata server", () => {
  it('gets the identity token of the attached service account, in the full format', async () => {
    const jwt = await googleMetadata({ audience, environment: server.environment })()
    expect(decodeJwt(jwt)).toMatchObject({ iss: 'https://accounts.google.com', sub: '104929', aud: audience })
    expect(server.requests.at(-1)?.query.get('format')).toBe('full')
  })

  it('takes another service account, and an endpoint', async () => {
    const serviceAccount = 'robot@acme.iam.gserviceaccount.com'
    await googleMetadata({ audience, serviceAccount, endpoint: server.origin, environment: {} })()
    expect(decodeURIComponent(server.requests.at(-1)?.path ?? '')).toContain(serviceAccount)
  })

  it('asks metadata.google.internal by default', async () => {
    let url = ''
    const fetch: typeof globalThis.fetch = async (input) => {
      url = String(input)
      return new Response('a.b.c', { headers: { 'metadata-flavor': 'Google' } })
    }
    expect(await googleMetadata({ audience, environment: {}, fetch })()).toBe('a.b.c')
    expect(url).toBe(
      'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience=https%3A%2F%2Flogin.example%2Frealms%2Facme&format=full',
    )
  })

  it('says which service account is not attached', async () => {
    const options = { audience, serviceAccount: 'nobody@acme.example', environment: server.environment }
    const failure = await failureOf(googleMetadata(options)())
    expect(failure).toMatchObject({ code: 'invalid_options', status: 404, retryable: false })
    expect(failure.message).toContain('`nobody@acme.example` attached')
  })

  it('takes the response of no other server at this address', async () => {
    server.respondNext({ status: 200, body: 'a.b.c' })
    const failure = await failureOf(googleMetadata({ audience, environment: server.environment })())
    expect(failure.code).toBe('response_unreadable')
  })

  it('G9: status 503 is transient', async () => {
    server.respondNext({ status: 503 })
    const failure = await failureOf(googleMetadata({ audience, environment: server.environment })())
    expect(failure).toMatchObject({ code: 'endpoint_unavailable', retryable: true })
  })

  it('a server that does not respond is transient', async () => {
    const fetch: typeof globalThis.fetch = async (_url, init) => {
      expect(init?.signal).toBeInstanceOf(AbortSignal)
      throw new DOMException('The operation was aborted due to timeout', 'TimeoutError')
    }
    const failure = await failureOf(googleMetadata({ audience, environment: {}, fetch })())
    expect(failure).toMatchObject({ code: 'endpoint_unavailable', retryable: true })
    expect(failure.message).toContain('did not respond within 5 s. Does this program run on Google Cloud?')
  })

  it('rejects wrong options', async () => {
    expect(thrownBy(() => googleMetadata({} as { audience: string })).message).toContain('googleMetadata: audience')
    const options = { audience, aud: 'x' }
    expect(thrownBy(() => googleMetadata(options)).message).toContain('unknown option `aud`')
    const failure = await failureOf(googleMetadata({ audience, endpoint: 'metadata' })())
    expect(failure.message).toContain('endpoint must be an absolute http or https URL')
  })
})
