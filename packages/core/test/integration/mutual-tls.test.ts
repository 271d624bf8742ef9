import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { Agent, fetch, Request as UndiciRequest } from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type CertificateAuthority,
  type Certified,
  createCertificateAuthority,
  createSelfSigned,
} from '../../../testing/test/certificates.ts'
import { createClient, type Provider, privateKeyJwt, tlsClientAuth } from '../../src/index.ts'
import { failureOf } from '../acquire/failure-of.ts'
import { findLeaks } from '../acquire/printings.ts'
import { type CertifiedServer, startCertifiedServer } from './certified-server.ts'

// Certificates made here, by an authority made here; the server and its judgement are others'.

let authority: CertificateAuthority
let robot: Certified
let intruder: Certified
let loner: Certified
let otherLoner: Certified
let server: CertifiedServer
let agents: Agent[] = []

beforeAll(async () => {
  authority = await createCertificateAuthority()
  robot = await authority.issueClient('robot')
  intruder = await authority.issueClient('intruder')
  loner = await createSelfSigned({ name: 'loner' })
  otherLoner = await createSelfSigned({ name: 'loner' })
  const certified = await authority.issueServer()
  server = await startCertifiedServer(
    [
      {
        client_id: 'robot',
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: 'CN=robot',
        tls_client_certificate_bound_access_tokens: true,
      },
      {
        client_id: 'loner',
        token_endpoint_auth_method: 'self_signed_tls_client_auth',
        jwks: { keys: [loner.jwk] },
      },
    ],
    {
      clientAuthMethods: ['tls_client_auth', 'self_signed_tls_client_auth'],
      features: {
        introspection: { enabled: true, allowedPolicy: () => true },
        mTLS: {
          enabled: true,
          certificateBoundAccessTokens: true,
          tlsClientAuth: true,
          selfSignedTlsClientAuth: true,
          getCertificate: ({ req }) => (req.socket as TLSSocket).getPeerX509Certificate(),
          certificateAuthorized: ({ req }) => (req.socket as TLSSocket).authorized,
          certificateSubjectMatches: ({ req }, property, expected) =>
            property === 'tls_client_auth_subject_dn' &&
            (req.socket as TLSSocket).getPeerX509Certificate()?.subject === expected,
        },
      },
    },
    { ...tlsOf(certified), requestCert: true, rejectUnauthorized: false },
  )
})

afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.close()))
  await server.close()
})

beforeEach(async () => {
  await Promise.all(agents.map((agent) => agent.close()))
  agents = []
})

function tlsOf({ key, cert }: Certified): { key: string; cert: string; ca: string } {
  return { key, cert, ca: authority.cert }
}

/** As the documentation shows it. */
function mutualTls(tls: { key?: string; cert?: string; ca: string }): typeof globalThis.fetch {
  const dispatcher = new Agent({ connect: tls })
  agents.push(dispatcher)
  return ((input, init) =>
    fetch(input instanceof Request ? new UndiciRequest(input.url, input as object) : input, {
      ...(init as object),
      dispatcher,
    })) as typeof globalThis.fetch
}

function acme(overrides: Partial<Provider> = {}): Provider {
  return { name: 'acme', issuer: server.issuer, clientAuthentication: tlsClientAuth(), ...overrides }
}

describe('mutual TLS, against a certified authorization server', () => {
  it('G8: tls_client_auth: the certificate speaks for the client, and the token is bound to it', async () => {
    const transport = mutualTls(tlsOf(robot))
    const client = createClient(acme(), { credentials: { clientId: 'robot' }, fetch: transport })
    const token = await client.token()
    expect(token.type).toBe('Bearer')
    const form = server.forms.at(-1)
    expect([...(form?.keys() ?? [])].sort()).toEqual(['client_id', 'grant_type'])
    const answer = await transport(`${server.issuer}/token/introspection`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `client_id=robot&token=${token.value}`,
    })
    expect(await answer.json()).toMatchObject({
      active: true,
      client_id: 'robot',
      cnf: { 'x5t#S256': robot.thumbprint },
    })
  })

  it('G8: self_signed_tls_client_auth: the registered certificate, which nobody signed', async () => {
    const client = createClient(acme(), { credentials: { clientId: 'loner' }, fetch: mutualTls(tlsOf(loner)) })
    expect((await client.token()).value).not.toBe('')
  })

  it.each<[string, string, () => Certified | undefined]>([
    ['of another subject', 'robot', () => intruder],
    ['of an unknown authority', 'robot', () => loner],
    ['that is not the registered one', 'loner', () => otherLoner],
    ['that is none', 'robot', () => undefined],
  ])('R5: a certificate %s is refused as any client is', async (_, clientId, certified) => {
    const own = certified()
    const tls = own === undefined ? { ca: authority.cert } : tlsOf(own)
    const client = createClient(acme(), { credentials: { clientId }, fetch: mutualTls(tls) })
    const failure = await failureOf(client.token())
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client', status: 401 })
    expect(findLeaks(failure, own === undefined ? [] : [own.key, own.cert])).toEqual([])
  })

  it('G7: a server whose certificate is not trusted is sent nothing', async () => {
    const before = server.asked.length
    const transport = mutualTls({ key: robot.key, cert: robot.cert, ca: loner.cert })
    const client = createClient(acme({ tokenEndpoint: `${server.issuer}/token` }), {
      credentials: { clientId: 'robot' },
      fetch: transport,
    })
    const failure = await failureOf(client.token())
    expect(failure).toMatchObject({ code: 'endpoint_unavailable', retryable: false })
    expect(server.asked).toHaveLength(before)
  })

  it('G4: the endpoint for mutual TLS is asked where the metadata has one, and only for mutual TLS', async () => {
    const { issuer } = server
    const answers: string[] = []
    // Metadata of its own in front of the server: where the certificate is asked for is another port.
    const front = createServer(tlsOf(await authority.issueServer()), (request, response) => {
      answers.push(`${request.method} ${request.url}`)
      const origin = `https://127.0.0.1:${(front.address() as AddressInfo).port}`
      response.setHeader('content-type', 'application/json')
      if (request.method === 'POST') {
        response.writeHead(401).end('{"error":"invalid_client"}')
        return
      }
      response.end(
        JSON.stringify({
          issuer: origin,
          token_endpoint: `${origin}/token`,
          mtls_endpoint_aliases: { token_endpoint: `${issuer}/token` },
        }),
      )
    })
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
    try {
      const origin = `https://127.0.0.1:${(front.address() as AddressInfo).port}`
      const transport = mutualTls(tlsOf(robot))
      const provider = acme({ issuer: origin })
      const token = await createClient(provider, { credentials: { clientId: 'robot' }, fetch: transport }).token()
      expect(token.value).not.toBe('')
      expect(answers).toEqual(['GET /.well-known/oauth-authorization-server'])

      const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
      const signing = createClient(acme({ issuer: origin, clientAuthentication: privateKeyJwt() }), {
        credentials: { clientId: 'robot', privateKey: pair.privateKey },
        fetch: transport,
      })
      await failureOf(signing.token())
      expect(answers.at(-1)).toBe('POST /token')
    } finally {
      front.closeAllConnections()
      await new Promise<void>((resolve) => front.close(() => resolve()))
    }
  })

  it('H1: requests to the API go by the same certificate, through fetch and through ky', async () => {
    const seen: string[] = []
    const api = createServer(
      { ...tlsOf(await authority.issueServer()), requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        let body = ''
        request.on('data', (chunk: Buffer) => {
          body += chunk.toString('utf8')
        })
        request.on('end', () => {
          const { fingerprint256 } = (request.socket as TLSSocket).getPeerCertificate()
          const thumbprint = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
          seen.push(`${request.method} ${request.url} ${body} ${thumbprint === robot.thumbprint}`)
          response.setHeader('content-type', 'application/json')
          response.end(JSON.stringify({ authorized: request.headers.authorization?.startsWith('Bearer ') }))
        })
      },
    )
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
    try {
      const base = `https://127.0.0.1:${(api.address() as AddressInfo).port}/v2`
      const client = createClient(acme({ api: base }), {
        credentials: { clientId: 'robot' },
        fetch: mutualTls(tlsOf(robot)),
      })
      expect(await (await client.fetch(`${base}/one`)).json()).toEqual({ authorized: true })
      const ky = await client.api()
      expect(await ky.post('two', { json: { three: 4 } }).json()).toEqual({ authorized: true })
      expect(seen).toEqual(['GET /v2/one  true', 'POST /v2/two {"three":4} true'])
    } finally {
      api.closeAllConnections()
      await new Promise<void>((resolve) => api.close(() => resolve()))
    }
  })
})
