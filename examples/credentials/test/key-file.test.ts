import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { type ClientEvent, createClient, privateKeyJwt } from '@nightlatch/core'
import { type Adapter, type AdapterPayload, type JWK, Provider } from 'oidc-provider'
import { describe, expect, it, onTestFinished } from 'vitest'
import { credentialsFromKeyFile } from '../src/key-file.ts'
import { createFolder, replaceFile } from './folder.ts'

interface KeyPair {
  /** As the client keeps it. */
  readonly file: string
  /** As the server knows it. */
  readonly known: JWK
}

async function createKey(kid: string): Promise<KeyPair> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const secret = await crypto.subtle.exportKey('jwk', privateKey)
  const known = await crypto.subtle.exportKey('jwk', publicKey)
  const named = { kid, alg: 'ES256', use: 'sig' }
  return {
    file: JSON.stringify({ ...secret, key_ops: undefined, ext: undefined, ...named }),
    known: { ...known, key_ops: undefined, ext: undefined, ...named } as JWK,
  }
}

/** A certified authorization server on a socket, whose one client's keys can be replaced, and a client that has its key in a file. */
async function startAll(key: KeyPair): Promise<{
  /** The keys that the server knows from now on. */
  readonly register: (...keys: readonly KeyPair[]) => void
  readonly path: string
  readonly statuses: () => readonly string[]
  readonly grant: () => Promise<string>
}> {
  let keys: readonly JWK[] = [key.known]
  const issued = new Map<string, AdapterPayload>()
  class ClientsAdapter implements Adapter {
    readonly #kind: string
    constructor(kind: string) {
      this.#kind = kind
    }
    async find(id: string): Promise<AdapterPayload | undefined> {
      if (this.#kind !== 'Client') return issued.get(id)
      return {
        client_id: id,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        id_token_signed_response_alg: 'ES256',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks: { keys: [...keys] },
      }
    }
    async upsert(id: string, payload: AdapterPayload): Promise<void> {
      issued.set(id, payload)
    }
    async findByUid(): Promise<undefined> {}
    async findByUserCode(): Promise<undefined> {}
    async consume(): Promise<void> {}
    async destroy(): Promise<void> {}
    async revokeByGrantId(): Promise<void> {}
  }
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const signing = JSON.parse((await createKey('of the server')).file)
  const provider = new Provider(issuer, {
    adapter: ClientsAdapter,
    jwks: { keys: [signing] },
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    clientAuthMethods: ['private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: ['ES256'] },
    ttl: { ClientCredentials: 600 },
  })
  server.on('request', provider.callback())
  const path = join(createFolder(), 'key.json')
  await writeFile(path, key.file)
  const events: ClientEvent[] = []
  const client = createClient(
    { name: 'acme', issuer, clientAuthentication: privateKeyJwt() },
    {
      credentials: credentialsFromKeyFile('robot', path),
      onEvent: (event) => events.push(event),
    },
  )
  onTestFinished(async () => {
    await client.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  let rejected: Awaited<ReturnType<typeof client.token>> | undefined
  return {
    register: (...known) => {
      keys = known.map((one) => one.known)
    },
    path,
    statuses: () =>
      events.map(({ type }) => type).filter((type) => /^(token\.granted|grant\.(retried|failed))$/.test(type)),
    async grant() {
      const token = await client.token(rejected === undefined ? {} : { rejected })
      rejected = token
      return token.type
    },
  }
}

describe('a key in a file, at a certified authorization server', () => {
  it('L8: that is rolled over while the client runs heals within the call, when the old key is gone', async () => {
    const [first, second] = [await createKey('one'), await createKey('two')]
    const { register, path, grant, statuses } = await startAll(first)
    await grant()
    await replaceFile(path, second.file)
    register(second)
    expect(await grant()).toBe('Bearer')
    expect(await grant()).toBe('Bearer')
    expect(statuses()).toEqual(['token.granted', 'grant.retried', 'token.granted', 'token.granted'])
  })

  it('L8: no grant fails while the server knows both', async () => {
    const [first, second] = [await createKey('one'), await createKey('two')]
    const { register, path, grant, statuses } = await startAll(first)
    await grant()
    register(first, second)
    await grant()
    await replaceFile(path, second.file)
    await grant()
    register(second)
    await grant()
    expect(statuses()).not.toContain('grant.failed')
  })

  it('L8: is not tried again where the file is the same', async () => {
    const [first, second] = [await createKey('one'), await createKey('two')]
    const { register, grant, statuses } = await startAll(first)
    await grant()
    register(second)
    await expect(grant()).rejects.toMatchObject({ code: 'grant_refused', error: 'invalid_client' })
    expect(statuses()).toEqual(['token.granted', 'grant.failed'])
  })

  it('X1: that is half written fails without a word of it, and is read again with the next grant', async () => {
    const first = await createKey('one')
    const { path, grant } = await startAll(first)
    await writeFile(path, first.file.slice(0, 60))
    const failure = await grant().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'invalid_options' })
    const { d, x } = JSON.parse(first.file)
    const told = inspect(failure, { depth: 10, showHidden: true })
    expect([d, x, first.file.slice(10, 30)].some((part) => told.includes(part))).toBe(false)
    await replaceFile(path, first.file)
    expect(await grant()).toBe('Bearer')
  })
})
