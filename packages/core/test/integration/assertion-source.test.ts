import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AssertionSource, clientAssertion, createClient, type Provider } from '../../src/index.ts'
import { failureOf } from '../acquire/failure-of.ts'
import { findLeaks } from '../acquire/printings.ts'
import { type CertifiedServer, startCertifiedServer } from './certified-server.ts'

// The authorization server is one that others wrote. It knows the keys of a platform, and the client has none of its own. This
// server wants the JWT's issuer to be the client id, as its subject is.

const workload = 'system:serviceaccount:orders:robot'

let server: CertifiedServer
let platformKey: CryptoKey
let foreignKey: CryptoKey
let folder: string

beforeAll(async () => {
  const platform = await generateKeyPair('RS256')
  platformKey = platform.privateKey
  foreignKey = (await generateKeyPair('RS256')).privateKey
  const jwk = { ...(await exportJWK(platform.publicKey)), kid: 'platform', use: 'sig' as const, alg: 'RS256' as const }
  server = await startCertifiedServer(
    [
      {
        client_id: workload,
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'RS256',
        jwks: { keys: [jwk as never] },
      },
    ],
    { clientAuthMethods: ['private_key_jwt'], enabledJWA: { clientAuthSigningAlgValues: ['RS256'] } },
  )
  folder = await mkdtemp(join(tmpdir(), 'nightlatch-assertion-'))
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

/** A JWT as the platform issues it. */
async function issue(claims: JWTPayload = {}, key = platformKey): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const standard = { iss: workload, sub: workload, aud: server.issuer, iat: now, exp: now + 600 }
  return await new SignJWT({ ...standard, jti: crypto.randomUUID(), ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'platform' })
    .sign(key)
}

function acme(source: AssertionSource): Provider {
  return { name: 'acme', issuer: server.issuer, clientAuthentication: clientAssertion(source) }
}

const lastForm = (): URLSearchParams => server.forms.at(-1) ?? new URLSearchParams()

describe('a JWT of a platform, against a certified authorization server', () => {
  it('is enough for a token: no secret, no key, no client id', async () => {
    const token = await createClient(
      acme(() => issue()),
      { credentials: {} },
    ).token()
    expect(token.value).toMatch(/^[\w-]{40,}$/)
    expect([...lastForm().keys()].sort()).toEqual(['client_assertion', 'client_assertion_type', 'grant_type'])
  })

  it('goes with the client id, too', async () => {
    const token = await createClient(
      acme(() => issue()),
      { credentials: { clientId: workload } },
    ).token()
    expect(token.value).toMatch(/^[\w-]{40,}$/)
    expect(lastForm().get('client_id')).toBe(workload)
  })

  it('is read from its file for each grant, as the platform renews it', async () => {
    const path = join(folder, 'token')
    await writeFile(path, await issue())
    const client = createClient(
      acme(() => readFile(path, 'utf8')),
      { credentials: {} },
    )
    await client.token()
    const first = lastForm().get('client_assertion')
    await writeFile(path, await issue())
    await client.forget()
    await client.token()
    expect(lastForm().get('client_assertion')).not.toBe(first)
  })

  it('L8: this server accepts a JWT once; a repeated one is replaced by a new one within the call', async () => {
    const used = await issue()
    await createClient(
      acme(() => used),
      { credentials: {} },
    ).token()
    const jwts = [used, await issue()]
    const token = await createClient(
      acme(() => jwts.shift() ?? ''),
      { credentials: {} },
    ).token()
    expect(token.value).toMatch(/^[\w-]{40,}$/)
    expect(jwts).toEqual([])
  })

  it('for another audience is rejected, with a hint that names both', async () => {
    const failure = await failureOf(
      createClient(
        acme(() => issue({ aud: 'api://AzureADTokenExchange' })),
        { credentials: {} },
      ).token(),
    )
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client', status: 401 })
    expect(failure.hints).toEqual([
      expect.stringContaining(`audience "api://AzureADTokenExchange", and the issuer is "${server.issuer}"`),
    ])
  })

  it('X1: of another platform is rejected, and is shown nowhere', async () => {
    const forged = await issue({}, foreignKey)
    const failure = await failureOf(
      createClient(
        acme(() => forged),
        { credentials: {} },
      ).token(),
    )
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_client', hints: [] })
    expect(findLeaks(failure, [forged, forged.slice(forged.lastIndexOf('.') + 1)])).toEqual([])
  })

  it('that has expired does not reach the server', async () => {
    const asked = server.forms.length
    const exp = Math.floor(Date.now() / 1000) - 5
    const failure = await failureOf(
      createClient(
        acme(() => issue({ exp })),
        { credentials: {} },
      ).token(),
    )
    expect(failure.code).toBe('invalid_options')
    expect(server.forms.length).toBe(asked)
  })
})
