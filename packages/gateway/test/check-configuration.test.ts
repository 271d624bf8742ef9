import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkConfiguration } from '../src/validate-configuration.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway-check-'))
  await writeFile(join(folder, 'secret'), 'hunter2-hunter2\n')
})
afterAll(() => rm(folder, { recursive: true }))

const environment = { ROBOT_ID: 'robot', STORE_KEY: Buffer.alloc(32, 7).toString('base64') }
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`

interface Complete {
  clients: { plants: object; orders: { provider: object; credentials: object } }
  store: object
  listen: unknown
  callers: object
  upstreams: { plants: object }
  tokens: unknown
}

const etlJwt = { issuer: 'https://k8s', audience: 'gateway', subject: 'system:*', jwks: 'https://k8s/jwks' }
const plantsRule = { callers: ['powerbi'], methods: ['GET'], paths: ['/Instances(*)/**'] }

/** A configuration with every section, as data. */
function complete(): Complete {
  return {
    clients: {
      plants: {
        provider: {
          use: 'smart-completions',
          host: 'https://completions.example.com',
          authorizationServer: 'https://auth.example.com/oauth2/aus1',
        },
        credentials: { clientId: { env: 'ROBOT_ID' }, clientSecret: { file: join(folder, 'secret') } },
      },
      orders: {
        provider: {
          name: 'acme',
          tokenEndpoint: 'https://login.acme.example/token',
          api: 'https://api.acme.example/v2',
        },
        credentials: { clientId: 'robot', clientSecret: { file: join(folder, 'secret') } },
      },
    },
    store: { redis: 'redis://127.0.0.1:6379', prefix: 'gw', encryptionKeys: [{ env: 'STORE_KEY' }] },
    listen: [
      { socket: '/run/gateway.sock', mode: '0660' },
      { host: '127.0.0.1', port: 8711 },
    ],
    callers: {
      powerbi: { keys: [digest('a'), digest('b')], concurrency: 10 },
      etl: { jwt: etlJwt },
    },
    upstreams: {
      plants: {
        client: 'plants',
        allow: [plantsRule],
        authorize: ['etl'],
      },
    },
    tokens: { orders: { callers: ['etl'], minimumLifetime: 60 } },
  }
}

async function mistakesOf(config: unknown, isData = true): Promise<readonly string[]> {
  const { mistakes = [] } = await checkConfiguration(config, { isData, environment })
  return mistakes.map(({ message }) => message)
}

/** The mistakes of the complete configuration after a change. */
async function after(change: (config: Complete) => void, isData = true): Promise<readonly string[]> {
  const config = complete()
  change(config)
  return await mistakesOf(config, isData)
}

describe('a configuration', () => {
  it('with every section has its defaults, providers and secrets', async () => {
    const { valid } = await checkConfiguration(complete(), { isData: true, environment })
    expect(valid).toMatchObject({
      clients: { plants: { provider: { name: 'smart-completions' }, options: { label: 'plants' } } },
      store: { kind: 'redis', url: 'redis://127.0.0.1:6379', prefix: 'gw' },
      listen: [
        { kind: 'socket', path: '/run/gateway.sock', mode: 0o660 },
        { kind: 'host', host: '127.0.0.1', port: 8711 },
      ],
      callers: { powerbi: { concurrency: 10 }, etl: { concurrency: 100 } },
      upstreams: { plants: { maxBodyBytes: 104_857_600, replayBytes: 65_536, timeout: 30, websocket: false } },
      tokens: { orders: { minimumLifetime: 60 } },
    })
    const credentials = valid?.clients.plants?.options.credentials
    expect(typeof credentials === 'function' && (await credentials())).toEqual({
      clientId: 'robot',
      clientSecret: 'hunter2-hunter2',
    })
  })

  it('reads a secret again after its file has changed', async () => {
    const file = join(folder, 'changing')
    await writeFile(file, 'first\r\n')
    const { orders } = complete().clients
    const clients = { orders: { ...orders, credentials: { clientId: 'robot', clientSecret: { file } } } }
    const { valid } = await checkConfiguration({ clients }, { isData: true, environment })
    const credentials = valid?.clients.orders?.options.credentials as () => Promise<unknown>
    expect(await credentials()).toEqual({ clientId: 'robot', clientSecret: 'first' })
    await writeFile(file, 'second\n\n')
    expect(await credentials()).toEqual({ clientId: 'robot', clientSecret: 'second\n' })
  })

  it('names all of its mistakes by their paths, in one go', async () => {
    const mistakes = await after((config) => {
      Object.assign(config.clients, { 'a b': { provider: 'prevu3d', credentials: {} } })
      config.listen = [{ port: 70_000 }, { host: '0.0.0.0', port: 8443 }]
      Object.assign(config, { calers: {}, upstreams: { plants: { client: 'plant', allows: [] } } })
      config.tokens = { order: { callers: ['elt'] } }
    })
    expect(mistakes).toEqual([
      'Unknown field `calers`. Did you mean `callers`?',
      'clients.a b: a name must have at most 64 letters, digits, dots, dashes and underscores',
      'clients.a b.provider must be an object: { use: NAME }, or the fields of a provider',
      'listen[0].port must be a whole number from 0 to 65,535',
      'Unknown field `upstreams.plants.allows`. Did you mean `upstreams.plants.allow`?',
      'tokens.order: there is no client `order`. Did you mean `orders`?',
      'tokens.order.callers[0]: there is no caller `elt`. Did you mean `etl`?',
    ])
  })

  it.each<[string, (config: Complete) => void, string]>([
    ['no clients', (config) => void Reflect.deleteProperty(config, 'clients'), 'clients is missing'],
    [
      'a literal secret in data',
      (config) =>
        void Object.assign(config.clients.orders, {
          credentials: { clientId: 'r', clientSecret: 'hunter2' },
        }),
      'clients.orders.credentials.clientSecret must not be the secret itself. Write { env: NAME } or { file: PATH } in its place',
    ],
    [
      'a variable that is not set',
      (config) =>
        void Object.assign(config.clients.orders, {
          credentials: { clientId: 'r', clientSecret: { env: 'NO_SUCH' } },
        }),
      'clients.orders.credentials.clientSecret: the environment variable NO_SUCH is not set. Set it before the gateway starts',
    ],
    [
      'a file that is not there',
      (config) =>
        void Object.assign(config.clients.orders, {
          credentials: { clientId: 'r', clientSecret: { file: '/no/such' } },
        }),
      'clients.orders.credentials.clientSecret: the file /no/such cannot be read (ENOENT). Paths are relative to the configuration file',
    ],
    [
      'a reference with two places',
      (config) => void Object.assign(config.store, { encryptionKeys: [{ env: 'A', file: 'b' }] }),
      'store.encryptionKeys[0] must have one of `env` and `file`',
    ],
    [
      'an unknown provider',
      (config) => void Object.assign(config.clients.plants, { provider: { use: 'prevu3' } }),
      'clients.plants.provider.use: there is no provider `prevu3`. Did you mean `prevu3d`?',
    ],
    [
      "an unknown option of a provider's function",
      (config) =>
        void Object.assign(config.clients.plants, {
          provider: { use: 'prevu3d', cloudApiUr: 'https://x.example' },
        }),
      'clients.plants.provider: Unknown option `cloudApiUr`. Did you mean `cloudApiUrl`?',
    ],
    [
      'an unknown field of a provider',
      (config) =>
        void Object.assign(config.clients.orders, {
          provider: {
            name: 'acme',
            issuer: 'https://login.acme.example',
            scops: ['a'],
            api: 'https://api.acme.example',
          },
        }),
      'Unknown field `clients.orders.provider.scops`. Did you mean `clients.orders.provider.scopes`?',
    ],
    [
      'an unknown client authentication',
      (config) =>
        void Object.assign(config.clients.orders.provider, {
          clientAuthentication: 'client_secret_posts',
        }),
      'clients.orders.provider.clientAuthentication: there is no client authentication `client_secret_posts`. Did you mean `client_secret_post`?',
    ],
    [
      'credentials that lack what the provider needs',
      (config) => void Object.assign(config.clients.plants, { credentials: { clientId: 'robot' } }),
      'clients.plants.credentials.clientSecret is missing: the provider authenticates its client with a secret',
    ],
    [
      'an upstream whose provider has no API',
      (config) =>
        void Object.assign(config.clients.plants, {
          provider: { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' },
        }),
      'upstreams.plants.client: the provider of `plants` has no API. Set clients.plants.provider.api',
    ],
    [
      'a password in the URL of the store',
      (config) => void Object.assign(config.store, { redis: 'redis://:pw@127.0.0.1' }),
      'store.redis must not contain a password. Write { env: NAME } or { file: PATH } for the whole URL',
    ],
    [
      'an encryption key of the wrong length',
      (config) => void Object.assign(config.store, { encryptionKeys: [{ env: 'ROBOT_ID' }] }),
      'store.encryptionKeys[0] must be 32 bytes in base64 or base64url. Make one: openssl rand -base64 32',
    ],
    [
      'an address of the network without TLS',
      (config) => void Object.assign(config, { listen: [{ host: '0.0.0.0', port: 8443 }] }),
      'listen[0]: 0.0.0.0 is not a loopback address, so it requires `tls` and a `callers` section',
    ],
    [
      'an admin listener on the network',
      (config) => void Object.assign(config, { admin: { host: '10.0.0.1', port: 8712 } }),
      'admin: 10.0.0.1 is not a loopback address. Use 127.0.0.1, ::1 or a socket',
    ],
    [
      'two listeners at one address',
      (config) => void Object.assign(config, { admin: { port: 8711 } }),
      'admin is the same address as listen[1]',
    ],
    [
      'a mode that YAML read as a number',
      (config) => void Object.assign(config, { listen: [{ socket: 's', mode: 660 }] }),
      'listen[0].mode must be a file mode in octal, such as "0660"; write it in quotes',
    ],
    [
      'a key that is not a digest',
      (config) => void Object.assign(config.callers, { ops: { keys: ['hunter2'] } }),
      'callers.ops.keys[0] must be a digest, as `nightlatch-gateway key NAME` prints it (sha256:...)',
    ],
    [
      'a key of two callers',
      (config) => void Object.assign(config.callers, { ops: { keys: [digest('a')] } }),
      'callers.ops.keys[0] is the same as callers.powerbi.keys[0]. Give each caller its own',
    ],
    [
      'a caller without a proof',
      (config) => void Object.assign(config.callers, { ops: { concurrency: 3 } }),
      'callers.ops must have `keys`, `jwt` or `certificate`. `nightlatch-gateway key NAME` makes a key',
    ],
    [
      'a certificate that no listener verifies',
      (config) => void Object.assign(config.callers, { ops: { certificate: 'spiffe://acme/ops' } }),
      'callers.ops.certificate has no effect: no listener has `tls.clientAuthority`, by which certificates are verified',
    ],
    [
      'an upstream with the name of a route',
      (config) => void Object.assign(config.upstreams, { token: { client: 'orders' } }),
      'upstreams.token: /token is a route of the gateway itself; choose another name',
    ],
    [
      'a method that is never forwarded',
      (config) =>
        void Object.assign(config.upstreams, {
          orders: { client: 'orders', allow: [{ callers: '*', methods: ['TRACE'], paths: ['/**'] }] },
        }),
      'upstreams.orders.allow[0].methods[0] must not be TRACE, which is never forwarded',
    ],
    [
      'a path that leaves its prefix',
      (config) =>
        void Object.assign(config.upstreams, {
          orders: { client: 'orders', allow: [{ callers: '*', methods: ['GET'], paths: ['/v1/../**'] }] },
        }),
      'upstreams.orders.allow[0].paths[0] must not contain the segment . or ..',
    ],
    [
      'more bytes than can be sent again',
      (config) => void Object.assign(config.upstreams.plants, { replayBytes: 2_000_000 }),
      'upstreams.plants.replayBytes must be a whole number of bytes from 0 to 1,048,576',
    ],
    [
      'rules that name callers without a section of callers',
      (config) => {
        Reflect.deleteProperty(config, 'callers')
        Reflect.deleteProperty(config, 'tokens')
        Reflect.deleteProperty(config.upstreams.plants, 'authorize')
      },
      'upstreams.plants.allow[0].callers names callers, but the configuration has no `callers`. Add them, or write "*"',
    ],
    [
      'every caller in a list',
      (config) => void Object.assign(config.upstreams.plants, { allow: [{ ...plantsRule, callers: ['*'] }] }),
      'upstreams.plants.allow[0].callers must not have "*" in a list. Write callers: "*"',
    ],
    [
      'every caller as a proxy',
      (config) => void Object.assign(config.upstreams.plants, { authorize: ['*'] }),
      'upstreams.plants.authorize must not have "*" in a list. Name each proxy',
    ],
    [
      'keys that another machine could replace',
      (config) => void Object.assign(config.callers, { etl: { jwt: { ...etlJwt, jwks: 'http://k8s.example/jwks' } } }),
      'callers.etl.jwt.jwks must be an absolute URL that starts with https://',
    ],
    ...(
      [
        ['/v1/**/x', 'must have ** only at its end, and no other * in the same segment'],
        ['/v1/a*b**', 'must have ** only at its end, and no other * in the same segment'],
        ['/v1/***', 'must have ** only at its end, and no other * in the same segment'],
        ['/v1//x', 'matches no request: the path has an empty segment (`//`)'],
        ['/v1/%7Eann', 'matches no request, because paths are normalised first. Write /v1/~ann'],
        ['/v1/a%2fb', 'matches no request, because paths are normalised first. Write /v1/a%2Fb'],
        ['/v1/é', 'matches no request: the path has a character that is not permitted in a URL'],
      ] as const
    ).map(([pattern, mistake]): [string, (config: Complete) => void, string] => [
      `the path pattern ${pattern}`,
      (config) => void Object.assign(config.upstreams.plants, { allow: [{ ...plantsRule, paths: [pattern] }] }),
      `upstreams.plants.allow[0].paths[0] ${mistake}`,
    ]),
  ])('with %s has one mistake', async (_what, change, mistake) => {
    expect(await after(change)).toEqual([mistake])
  })

  it('may use each preset of the providers package by its name', async () => {
    const provider = { use: 'entra-id', tenant: 'acme.onmicrosoft.com', api: 'https://graph.microsoft.com/v1.0' }
    const credentials = { clientId: 'robot', clientSecret: { env: 'STORE_KEY' } }
    const { valid } = await checkConfiguration(
      { clients: { graph: { provider, credentials } } },
      { isData: true, environment },
    )
    expect(valid?.clients.graph?.provider).toMatchObject({ name: 'entra-id', api: expect.anything() })
    const mistakes = await mistakesOf({
      clients: {
        typed: { provider: { use: 'entraid' }, credentials },
        lacking: { provider: { use: 'entra-id', tenent: 'acme' }, credentials },
      },
    })
    expect(mistakes).toEqual([
      'clients.typed.provider.use: there is no provider `entraid`. Did you mean `entra-id`?',
      expect.stringMatching(/^clients\.lacking\.provider: .*tenent.*Did you mean `tenant`\?/),
    ])
  })

  it('in TypeScript may hold a secret, functions and a store', async () => {
    const store = { get: async () => undefined, set: async () => undefined, delete: async () => undefined }
    const change = (config: Complete): void => {
      Object.assign(config.clients.orders, { credentials: { clientId: 'r', clientSecret: 'hunter2' } })
      Object.assign(config.clients.plants, { credentials: () => ({ clientId: 'r', clientSecret: 's' }) })
      Object.assign(config, { store })
    }
    expect(await after(change, false)).toEqual([])
    expect(await after(change)).toContain('store.redis is missing')
  })

  it.each([[null], [[]], ['text'], [7]])('that is %j is a mistake', async (config) => {
    expect(await mistakesOf(config)).toEqual(['The configuration must be an object with clients, upstreams and tokens'])
  })

  it.each(['clients', 'store', 'listen', 'admin', 'callers', 'upstreams', 'tokens', 'hosts'])(
    'whose %s is of another type is never a crash',
    async (member) => {
      for (const value of [null, [], [null], {}, { x: null }, { x: [] }, 'text', 7, true]) {
        const mistakes = await mistakesOf({ ...complete(), [member]: value })
        for (const mistake of mistakes) expect(mistake).not.toMatch(/undefined|\[object/)
      }
    },
  )

  it('quotes no secret in a mistake', async () => {
    const secret = 'hunter2-hunter2'
    const mistakes = await after((config) => {
      Object.assign(config.clients.orders, { credentials: { clientId: 'r', clientSecret: secret } })
      Object.assign(config.store, { redis: `redis://:${secret}@127.0.0.1`, encryptionKeys: [secret] })
      Object.assign(config.callers, { ops: { keys: [secret] } })
      config.listen = [{ port: 1, tls: { certificate: secret, key: secret } }]
    })
    expect(mistakes.length).toBeGreaterThan(4)
    expect(mistakes.join('\n')).not.toContain(secret)
  })
})
