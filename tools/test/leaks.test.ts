/**
 * X1 as a whole: every way a client can fail, with marked secrets, and a search of everything that comes out.
 * What joins later joins in a table: a store in `stores`, what watches the whole process in `observers`, a fault in `faults`.
 * The diagnostics channels and OpenTelemetry are listened to all along.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { PassThrough, Readable } from 'node:stream'
import { inspect } from 'node:util'
import {
  type Client,
  type ClientAuthentication,
  type ClientEvent,
  type Credentials,
  clientAssertion,
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  createClientPool,
  type ErrorCode,
  importPrivateKey,
  jwtBearerGrant,
  memoryStore,
  NightlatchError,
  none,
  type Provider,
  privateKeyJwt,
  type StoredToken,
  type TokenStore,
  tlsClientAuth,
} from '@nightlatch/core'
import { smartCompletions } from '@nightlatch/hexagon'
import { prevu3d } from '@nightlatch/prevu3d'
import { type RedisClient, redisStore } from '@nightlatch/redis'
import {
  type Answer,
  type Fault,
  type Faults,
  type Part,
  prevu3dEmulation,
  type RecordedRequest,
  type StandardEmulator,
  smartCompletionsEmulation,
  standardEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { nightlatchInterceptor } from '@nightlatch/undici'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { run } from '../../packages/cli/src/run.ts'
import { LeakFixture, type Observer } from '../src/leak-fixture.ts'
import { MemoryRedis } from '../src/memory-redis.ts'
import { readText } from '../src/read-repository.ts'
import { tracedWork, watchTelemetry } from '../src/watch-telemetry.ts'

const logged: unknown[] = []
const astray: unknown[] = []
const observers: readonly Observer[] = [
  { name: 'the console or a warning of the process', seen: () => logged },
  { name: 'a channel or OpenTelemetry, outside any scene', seen: () => astray },
]

/** The fixture that the work of now belongs to: what a process tells is searched for the secrets of one scene, and not of all. */
const playing = new AsyncLocalStorage<LeakFixture>()
/** What channels, spans and metrics there were. */
const watched: Set<string> = new Set()
/** The types of the events on the channel. */
const published: Set<string> = new Set()
let unwatch = (): void => {}

beforeAll(() => {
  // The jitter of every wait before a retry: none of them takes any time.
  vi.spyOn(Math, 'random').mockReturnValue(0)
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const) {
    vi.spyOn(console, method).mockImplementation((...values: readonly unknown[]) => void logged.push(values))
  }
  vi.spyOn(process, 'emitWarning').mockImplementation((...values: readonly unknown[]) => void logged.push(values))
  process.on('warning', (warning) => logged.push(warning))
  unwatch = watchTelemetry((what, value) => {
    watched.add(what)
    if (what === 'nightlatch:event') published.add((value as ClientEvent).type)
    const fixture = playing.getStore()
    if (fixture === undefined) astray.push(value)
    else fixture.record(what, value)
  })
})
afterAll(() => {
  unwatch()
  vi.restoreAllMocks()
})

const codes: Set<string> = new Set()
const events: Set<string> = new Set()

/** Runs scenes side by side, each on a fixture of its own, and expects silence of all. */
async function play(scenes: Readonly<Record<string, (fixture: LeakFixture) => Promise<void>>>): Promise<void> {
  const leaks = await Promise.all(
    Object.entries(scenes).map(async ([name, scene]) => {
      const fixture = new LeakFixture(name)
      await playing.run(fixture, () => scene(fixture))
      for (const code of fixture.codes) codes.add(code)
      for (const event of fixture.events) events.add(event)
      expect(fixture.secrets.size, `${name} marks secrets`).toBeGreaterThan(0)
      return fixture.leaks(observers)
    }),
  )
  expect(leaks.flat()).toEqual([])
}

/** All is well, and then all that can go wrong. */
async function playAll(
  breakages: readonly (readonly [string, BreakIt])[],
  scene: (breakIt: BreakIt) => (fixture: LeakFixture) => Promise<void>,
): Promise<void> {
  await play({
    'all is well': async (fixture) => {
      await scene(() => {})(fixture)
      // Or nothing was looked at but failures.
      expect([...fixture.codes].sort()).toEqual(['invalid_options', 'origin_refused'])
      expect([...fixture.events]).toEqual(expect.arrayContaining(['token.granted', 'origin.refused']))
    },
  })
  await play(Object.fromEntries(breakages.map(([name, breakIt]) => [name, scene(breakIt)])))
}

interface Manner {
  readonly clientAuthentication?: ClientAuthentication
  readonly credentials: (fixture: LeakFixture) => Credentials | Promise<Credentials>
  readonly provider?: Partial<Provider>
}

const withSecret = (fixture: LeakFixture): Credentials => ({
  clientId: 'marked-client',
  clientSecret: fixture.secret('the client secret'),
})

const platformJwt = [
  { alg: 'RS256' },
  { iss: 'https://platform.test', sub: 'robot', jti: crypto.randomUUID() },
  crypto.randomUUID(),
]
  .map((part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url'))
  .join('.')

/** The JWT is the same in all scenes. Its client has no other credentials. */
function withPlatformJwt(fixture: LeakFixture): Credentials {
  for (const part of [platformJwt, ...platformJwt.split('.').slice(1)])
    fixture.secrets.mark('the JWT of the platform', part)
  return { clientId: 'marked-client' }
}

/** Every way of saying who the client is, and of carrying the token. */
const manners: Readonly<Record<string, Manner>> = {
  'client_secret_basic form': { clientAuthentication: clientSecretBasic(), credentials: withSecret },
  'client_secret_basic raw': { clientAuthentication: clientSecretBasic({ encoding: 'raw' }), credentials: withSecret },
  client_secret_post: { clientAuthentication: clientSecretPost(), credentials: withSecret },
  client_secret_jwt: { clientAuthentication: clientSecretJwt(), credentials: withSecret },
  private_key_jwt: {
    clientAuthentication: privateKeyJwt(),
    credentials: async (fixture) => ({ clientId: 'marked-client', privateKey: (await keyPair(fixture)).privateKey }),
  },
  tls_client_auth: { clientAuthentication: tlsClientAuth(), credentials: () => ({ clientId: 'marked-client' }) },
  none: { clientAuthentication: none(), credentials: () => ({ clientId: 'marked-client' }) },
  'a JWT of the platform': { clientAuthentication: clientAssertion(() => platformJwt), credentials: withPlatformJwt },
  'a JWT of the platform as the grant': {
    clientAuthentication: jwtBearerGrant(() => platformJwt),
    credentials: withPlatformJwt,
  },
  'a query and a JSON body': {
    credentials: withSecret,
    clientAuthentication: {
      name: 'own',
      authenticate: ({ url, headers, json, ...draft }, credentials) => {
        const { clientSecret = '' } = credentials as { clientSecret?: string }
        url.searchParams.set('api_key', clientSecret)
        headers.set('x-api-key', clientSecret)
        draft.parameters.set('password', clientSecret)
      },
    },
    provider: { tokenRequest: { bodyFormat: 'json' } },
  },
  'a token bound to a key': { credentials: withSecret, provider: { dpop: true } },
}

async function keyPair(fixture: LeakFixture): Promise<CryptoKeyPair> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const jwk = await crypto.subtle.exportKey('jwk', privateKey)
  fixture.secrets.mark('the private key', jwk.d ?? '')
  // Nobody can export it: what finds its way out was read before.
  return { publicKey, privateKey: await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']) }
}

/** All that was sent, as a careless server repeats it. */
function quote({ headers, query, body }: RecordedRequest): string {
  return (
    [...headers].map(([, value]) => value).join(' ') +
    decodeURIComponent(`${query}`.replace(/%(?![0-9a-f]{2})/gi, '')) +
    body
  )
}

function echo(status: number, extra: Readonly<Record<string, unknown>> = {}): Fault {
  const answer = (request: RecordedRequest): Answer => {
    const said = quote(request)
    return {
      status,
      headers: { 'x-echo': encodeURIComponent(said), 'www-authenticate': `Basic realm="${encodeURIComponent(said)}"` },
      body: {
        error: said,
        error_description: said,
        error_uri: said,
        message: said,
        detail: { message: said },
        apiUrl: said,
        ...extra,
      },
    }
  }
  return { name: 'answer', answer }
}

/** Every fault that an emulator knows by name; one that is added there does not compile until it is here. */
const faults: Readonly<
  Record<Fault['name'], (fixture: LeakFixture, emulator: { readonly url: string }) => readonly Fault[]>
> = {
  slow: () => [{ name: 'slow', seconds: 1 }],
  hang: () => [{ name: 'hang' }, { name: 'hang', at: 'body' }],
  reset: () => [{ name: 'reset' }, { name: 'reset', at: 'body' }],
  error: () => [{ name: 'error' }, { name: 'error', status: 503 }],
  tooManyRequests: () => [{ name: 'tooManyRequests', retryAfter: 60 }],
  html: () => [{ name: 'html' }, { name: 'html', status: 200 }],
  truncated: () => [{ name: 'truncated' }, { name: 'truncated', by: 'json' }],
  drip: () => [{ name: 'drip', seconds: 1 }],
  redirect: (fixture, { url }) => [
    { name: 'redirect', to: `${url}/elsewhere?sig=${encodeURIComponent(fixture.secret('the query of a redirect'))}` },
    {
      name: 'redirect',
      to: `https://a:${encodeURIComponent(fixture.secret('a password of a redirect'))}@elsewhere.test/`,
      status: 302,
    },
  ],
  revoked: () => [{ name: 'revoked' }],
  wrongRegion: (fixture) => [
    {
      name: 'wrongRegion',
      apiUrl: `https://elsewhere.test/?sig=${encodeURIComponent(fixture.secret('the query of a discovery'))}`,
    },
  ],
  answer: (fixture) => [
    ...[200, 400, 401, 403, 500].map((status) => echo(status)),
    echo(400, { error: 'invalid_client' }),
    echo(400, { error: { code: 'invalid_grant', message: fixture.secret('a nested message') && 'refused' } }),
    echo(200, { hasError: true }),
    echo(200, { access_token: fixture.secret('a token with an error'), error: 'invalid_scope' }),
    echo(200, { access_token: fixture.secret('a token of no type'), error: undefined, token_type: 'mac' }),
    echo(200, { access_token: `${fixture.secret('a token with a line break')}\r\nx: y`, error: undefined }),
    {
      name: 'answer',
      answer: {
        status: 200,
        body: `<p>${fixture.secret('a page')}`,
        headers: { 'set-cookie': fixture.secret('a cookie') },
      },
    },
  ],
}

/** What each named fault does to one part; those that have no meaning there are left out. */
function faultsOf(part: Part): readonly Fault['name'][] {
  const own: Readonly<Record<string, readonly Part[]>> = { revoked: ['api'], wrongRegion: ['discovery'] }
  return (Object.keys(faults) as Fault['name'][]).filter((name) => own[name]?.includes(part) ?? true)
}

/** Where the API itself repeats what it was sent: its answers are its own, and no output of the library. */
const talkative = new WeakSet<LeakFixture>()

/** Seconds to wait where nothing is going to come. */
const short = 0.2

/** Where the API does not answer, or not in time. */
const hasty = new WeakSet<LeakFixture>()

type BreakIt = (fixture: LeakFixture, emulator: { readonly url: string; readonly faults: Faults }) => void

/** A scene for each fault that a part can have. The fault is made on the scene's own fixture, so that its secrets are known there. */
function breakages(parts: readonly Part[]): readonly (readonly [name: string, breakIt: BreakIt])[] {
  return parts.flatMap((part) =>
    faultsOf(part).flatMap((name) =>
      faults[name](new LeakFixture(''), { url: '' }).map((_, at): readonly [string, BreakIt] => [
        `${name} ${at} of the ${part} part`,
        (fixture, emulator) => {
          if (['slow', 'hang', 'drip'].includes(name)) {
            // Where the API is late, the token must come first, however long that takes.
            if (part === 'api') hasty.add(fixture)
            else fixture.timeoutSeconds = short
          }
          const fault = faults[name](fixture, emulator)[at]
          if (fault !== undefined) emulator.faults.set(part, fault)
          if (part === 'api' && (name === 'answer' || name === 'redirect')) talkative.add(fixture)
        },
      ]),
    ),
  )
}

/** An authorization server that takes anybody, since what matters here is what it says and what is made of it. */
function welcoming(fixture: LeakFixture): Promise<StandardEmulator> {
  const emulation = standardEmulation({
    answerToken: async (asked, issueToken) => {
      const token = await issueToken()
      fixture.secrets.mark('the token', token)
      fixture.secrets.mark('half of the token', token.slice(0, 60))
      fixture.secrets.mark('the signature of the token', token.split('.')[2] ?? '')
      const extra = { refresh_token: fixture.secret('a refresh token'), id_token: fixture.secret('an ID token') }
      const type = asked.headers.has('dpop') ? 'DPoP' : 'Bearer'
      return { body: { access_token: token, token_type: type, expires_in: 3600, ...extra } }
    },
    readToken: ({ headers }) => headers.get('authorization')?.split(' ')[1],
  })
  return startEmulator(emulation)
}

/** Of what an API answers, ky makes an error; ours are still heard. */
function keepOurs(failure: unknown): void {
  if (failure instanceof NightlatchError) throw failure
}

/** Does with a client all that can be done with one. A URL that comes back in an answer is the caller's own, so those hold no secret. */
async function useAll(
  fixture: LeakFixture,
  client: Client | undefined,
  { apiUrl, redirectUrl = apiUrl }: { readonly apiUrl: string; readonly redirectUrl?: string },
): Promise<void> {
  if (client === undefined) return
  const sig = encodeURIComponent(fixture.secret('the query of a request'))
  const patience = hasty.has(fixture) ? short : fixture.timeoutSeconds
  const soon = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(patience * 1000) })
  const ofTheApi = (work: Promise<unknown>): Promise<unknown> =>
    talkative.has(fixture) ? work.then(() => undefined).catch(keepOurs) : work
  const quietly = async (work: Promise<unknown>): Promise<undefined> => void (await work)
  const token = await fixture.try('token()', () => client.token())
  if (token !== undefined) {
    fixture.secrets.mark('the token', token.value)
    await fixture.try('fetch elsewhere', () => client.fetch(`https://elsewhere.test/x?sig=${sig}`))
    await fixture.try('fetch with userinfo', () => client.fetch(`https://a:${sig}@elsewhere.test/x`))
    await fixture.try('fetch', () => ofTheApi(client.fetch(`${apiUrl}/x`, soon())))
    await fixture.try('token({ rejected })', () => client.token({ rejected: token }))
    await fixture.try('token() with a wrong option', () =>
      client.token({ scopes: [`${sig} ${sig}`], signal: sig } as never),
    )
    await Promise.all([
      fixture.try('fetch through a redirect', () => quietly(client.fetch(`${redirectUrl}?sig=${sig}`, soon()))),
      fixture.try('authorize()', async () => {
        const authorization = await client.authorize(`${apiUrl}/x?sig=${sig}`, soon())
        fixture.record('an authorization', authorization)
        return await authorization?.handleResponse({ status: 401 }, soon())
      }),
      fixture.try('ky', async () => ofTheApi((await client.api(soon())).get('x', { ...soon(), retry: 0 }).json())),
    ])
  }
  await fixture.try('fetch with a body', () =>
    quietly(client.fetch(`${apiUrl}/x?sig=${sig}`, { method: 'POST', body: sig, ...soon() })),
  )
  await fixture.try('info()', () => client.info(soon()))
  fixture.record('the client', client)
  await fixture.try('forget()', () => client.forget())
  await client.close()
}

describe('X1: no fault of a server makes a client reveal a secret', () => {
  for (const [manner, { clientAuthentication, credentials, provider }] of Object.entries(manners)) {
    it.concurrent(manner, { timeout: 600_000 }, async () => {
      const scene = (breakIt: BreakIt) => async (fixture: LeakFixture) => {
        await using emulator = await welcoming(fixture)
        breakIt(fixture, emulator)
        // The emulated API tells what it was asked with, proofs too.
        if (provider?.dpop === true) talkative.add(fixture)
        const code = encodeURIComponent(fixture.secret('the query of the token endpoint'))
        const described: Provider = {
          name: 'marked',
          tokenEndpoint: `${emulator.tokenEndpoint}?code=${code}`,
          api: emulator.apiUrl,
          ...(clientAuthentication === undefined ? {} : { clientAuthentication }),
          ...provider,
        }
        const bound = provider?.dpop === true ? { dpopKey: await keyPair(fixture) } : {}
        const options = { credentials: await credentials(fixture), store: memoryStore(), ...bound }
        await useAll(fixture, await fixture.client(described, options), emulator)
      }
      // At the API there are two manners: with a proof of possession and without.
      const isForApi = manner === 'client_secret_basic form' || provider?.dpop === true
      await playAll(breakages(isForApi ? ['token', 'api'] : ['token']), scene)
    })
  }

  const vendors = {
    prevu3d: async (fixture: LeakFixture, breakIt: BreakIt): Promise<void> => {
      await using emulator = await startEmulator(prevu3dEmulation())
      fixture.secrets.mark('the client secret', emulator.credentials.clientSecret)
      breakIt(fixture, emulator)
      const provider = prevu3d({ cloudApiUrl: emulator.url, apiOrigins: emulator.apiOrigins })
      await useAll(fixture, await fixture.client<unknown>(provider, { credentials: emulator.credentials }), emulator)
    },
    hexagon: async (fixture: LeakFixture, breakIt: BreakIt): Promise<void> => {
      await using emulator = await startEmulator(smartCompletionsEmulation())
      const { authorizationServer, host, credentials } = emulator
      fixture.secrets.mark('the client secret', credentials.clientSecret)
      breakIt(fixture, emulator)
      const client = await fixture.client<unknown>(smartCompletions({ host, authorizationServer }), { credentials })
      await useAll(fixture, client, { apiUrl: `${host}/sc/datalake/v1` })
    },
  }
  it.concurrent('Prevu3D', { timeout: 600_000 }, async () => {
    await playAll(breakages(['token', 'discovery', 'api']), (breakIt) => (fixture) => vendors.prevu3d(fixture, breakIt))
  })

  it.concurrent('Hexagon', { timeout: 600_000 }, async () => {
    await playAll(breakages(['token', 'api']), (breakIt) => (fixture) => vendors.hexagon(fixture, breakIt))
  })

  it.concurrent('an issuer whose metadata goes wrong', { timeout: 600_000 }, async () => {
    const ofAnIssuer = breakages(['discovery']).filter(([name]) => !name.startsWith('wrongRegion'))
    await playAll(ofAnIssuer, (breakIt) => async (fixture) => {
      await using emulator = await welcoming(fixture)
      breakIt(fixture, emulator)
      const provider: Provider = { name: 'marked', issuer: emulator.issuer, api: emulator.apiUrl }
      await useAll(fixture, await fixture.client(provider, { credentials: withSecret(fixture) }), emulator)
    })
  })
})

/** Stores, good and bad. A store of another package joins here. */
const stores: Readonly<Record<string, (fixture: LeakFixture) => TokenStore | Promise<TokenStore>>> = {
  'in memory': () => memoryStore(),
  'one that throws all it was given': (fixture) => {
    const fail = (...given: readonly unknown[]): Promise<never> =>
      Promise.reject(
        Object.assign(
          new Error(`${fixture.secret('a password of the store')} ${JSON.stringify(given)}`, { cause: given }),
          { given },
        ),
      )
    return { get: fail, set: fail, delete: fail, lock: fail }
  },
  'one that throws at once, and no Error': (fixture) => {
    const fail = (...given: readonly unknown[]): never => {
      throw { url: fixture.secret('a password of the store'), given }
    }
    return { get: fail, set: fail, delete: fail, lock: fail }
  },
  'one that hangs': () => {
    const hang = (): Promise<never> => new Promise(() => {})
    return { get: hang, set: hang, delete: hang, lock: hang }
  },
  'one that answers what it should not': (fixture) => ({
    get: async () =>
      ({
        expiresAt: Date.now() + 60_000,
        token: fixture.secret('another’s entry'),
        value: { a: fixture.secret('another’s entry') },
      }) as StoredToken,
    set: async () => {},
    delete: async () => {},
    lock: async () => ({ release: () => Promise.reject(new Error(fixture.secret('a password of the store'))) }),
  }),
}

/** Of 32 characters that stand nowhere else. */
async function encryptionKey(fixture: LeakFixture): Promise<CryptoKey> {
  const material = fixture.secret('an encryption key').slice(-32)
  fixture.secrets.mark('the encryption key', material)
  return await crypto.subtle.importKey('raw', Buffer.from(material), 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/** All that a client of Redis is sent, which is what the server keeps. */
class ToldRedis extends MemoryRedis {
  readonly fixture: LeakFixture

  constructor(fixture: LeakFixture) {
    super()
    this.fixture = fixture
  }

  override call(command: string, ...parameters: string[]): Promise<unknown> {
    this.fixture.record('what Redis is sent', [command, ...parameters])
    return super.call(command, ...parameters)
  }
}

/** An error as both packages make them, and worse: with the command, all its arguments, and the server's words. */
function commandError(fixture: LeakFixture, words: string, given: readonly unknown[]): Error {
  const address = `redis://:${fixture.secret('a password of Redis')}@cache.test`
  return Object.assign(new Error(`${words} ${address} ${JSON.stringify(given)}`, { cause: given }), {
    command: { name: 'set', args: given },
    previousErrors: [new Error(address)],
    address,
  })
}

/** Clients of both packages that can do nothing, each with words that lead elsewhere. */
const brokenClients: Readonly<Record<string, (fixture: LeakFixture) => RedisClient>> = {
  'full, of ioredis': (fixture) => ({
    call: (...given) => Promise.reject(commandError(fixture, 'OOM command not allowed', given)),
    defineCommand: () => undefined,
  }),
  'with scripts forbidden, of ioredis': (fixture) => {
    const redis = new ToldRedis(fixture)
    return {
      call: (command, ...given) =>
        command === 'eval' || given.includes('IFEQ')
          ? Promise.reject(commandError(fixture, 'NOPERM this user has no permissions', [command, ...given]))
          : redis.call(command, ...given),
      defineCommand: () => undefined,
    }
  },
  'of another type, and then gone, of ioredis': (fixture) => ({
    call: (command, ...given) =>
      Promise.reject(
        commandError(fixture, command === 'get' ? 'WRONGTYPE Operation against a key' : 'it is gone', [command, given]),
      ),
    defineCommand: () => undefined,
  }),
  'that throws at once, and no Error, of redis': (fixture) => {
    const fail = (...given: readonly unknown[]): never => {
      throw { ...commandError(fixture, 'closed', given), given }
    }
    return { get: fail, set: fail, del: fail, eval: fail, withTypeMapping: fail }
  },
  'with a code and a class of its own, of redis': (fixture) => {
    class SocketClosedError extends Error {}
    const fail = (...given: readonly unknown[]): Promise<never> =>
      Promise.reject(
        Object.assign(new SocketClosedError(fixture.secret('a password of Redis'), { cause: given }), { given }),
      )
    return { get: fail, set: fail, del: fail, eval: fail, withTypeMapping: fail }
  },
  'that answers what nobody wrote, of redis': (fixture) => {
    const answer = async (): Promise<string> => `1.${Buffer.from(fixture.secret('another’s entry')).toString('base64')}`
    return { get: answer, set: answer, del: answer, eval: answer, withTypeMapping: answer }
  },
}

const redisStores: Readonly<Record<string, (fixture: LeakFixture) => Promise<TokenStore>>> = {
  'over Redis': async (fixture) =>
    redisStore({ client: new ToldRedis(fixture), encryptionKeys: [await encryptionKey(fixture)] }),
  'over Redis, with entries that somebody alters': async (fixture) => {
    const client = new ToldRedis(fixture)
    const alter = async (command: string, ...given: string[]): Promise<unknown> => {
      const reply = await client.call(command, ...given)
      return command === 'get' && typeof reply === 'string' ? `${reply.slice(0, -8)}AAAAAAA=` : reply
    }
    const altered = { call: alter, defineCommand: () => undefined }
    return redisStore({ client: altered, encryptionKeys: [await encryptionKey(fixture)] })
  },
  'over Redis, with keys that cannot be read': async (fixture) =>
    redisStore({
      client: new ToldRedis(fixture),
      encryptionKeys: () => Promise.reject(new Error(fixture.secret('the words of a vault'))),
    }),
  'over Redis, with keys that are none': async (fixture) =>
    redisStore({
      client: new ToldRedis(fixture),
      encryptionKeys: () => [fixture.secret('an encryption key')] as never,
    }),
  ...Object.fromEntries(
    Object.entries(brokenClients).map(([name, make]) => [
      `over a client ${name}`,
      async (fixture: LeakFixture) =>
        redisStore({ client: make(fixture), encryptionKeys: [await encryptionKey(fixture)] }),
    ]),
  ),
}

describe('X1: functions of a program do not make a client reveal a secret', () => {
  it('stores', { timeout: 600_000 }, async () => {
    const scenes = Object.entries({ ...stores, ...redisStores }).map(
      ([name, make]) =>
        [
          name,
          async (fixture: LeakFixture): Promise<void> => {
            await using emulator = await welcoming(fixture)
            const provider: Provider = { name: 'marked', tokenEndpoint: emulator.tokenEndpoint, api: emulator.apiUrl }
            const store = await make(fixture)
            const options = { credentials: withSecret(fixture), store, timeout: 2 }
            const [client, other] = [await fixture.client(provider, options), await fixture.client(provider, options)]
            // So that a token comes out of the store, too.
            for (const one of [client, other]) await fixture.try('token() of two clients', () => one?.token())
            await useAll(fixture, client, emulator)
            await other?.close()
            fixture.record('the store', store)
          },
        ] as const,
    )
    await play(Object.fromEntries(scenes))
  })

  it('stores for Redis, called directly', async () => {
    const scenes = Object.entries(redisStores).map(
      ([name, make]) =>
        [
          name,
          async (fixture: LeakFixture): Promise<void> => {
            const store = await make(fixture)
            const key = 'the-key-of-an-entry'
            const token = { expiresAt: Date.now() + 60_000, value: fixture.secret('a token') }
            // What a store answers with is the token, for its caller alone.
            const quietly = async (work: Promise<unknown> | undefined): Promise<undefined> => void (await work)
            await fixture.try('set', () => store.set(key, token))
            await fixture.try('set of what is over', () => store.set(key, { ...token, expiresAt: 1 }))
            await fixture.try('set again', () => store.set(key, token))
            await fixture.try('get', () => quietly(store.get(key)))
            await fixture.try('delete of another', () =>
              store.delete(key, { ...token, value: fixture.secret('a token') }),
            )
            await fixture.try('delete of this one', () => store.delete(key, token))
            await fixture.try('delete', () => store.delete(key))
            const lock = await fixture.try('lock', () => store.lock?.(key, { ttl: 5 }))
            await fixture.try('lock again', () => quietly(store.lock?.(key, { ttl: 5 })))
            await fixture.try('release', () => lock?.release())
            fixture.record('the store', store)
          },
        ] as const,
    )
    const options = async (fixture: LeakFixture): Promise<void> => {
      const secret = fixture.secret('a secret in the wrong place')
      const good = { client: new ToldRedis(fixture), encryptionKeys: [await encryptionKey(fixture)] }
      const wrong: readonly unknown[] = [
        secret,
        { ...good, client: secret },
        { ...good, client: { url: secret } },
        { ...good, prefix: `{${secret}}` },
        { ...good, encryptionKeys: secret },
        { ...good, encryptionKeys: [secret] },
        { ...good, encryptionKeys: [Buffer.from(secret)] },
        { ...good, now: secret },
        { ...good, password: secret },
      ]
      for (const one of wrong) await fixture.try('redisStore', () => redisStore(one as never))
      expect([...fixture.codes]).toEqual(['invalid_options'])
    }
    await play({ ...Object.fromEntries(scenes), 'options that are wrong': options })
  })

  it('a store that recovers', { timeout: 600_000 }, async () => {
    await play({
      'fails once': async (fixture) => {
        await using emulator = await welcoming(fixture)
        const store = memoryStore()
        let isFailing = true
        const flaky: TokenStore = {
          ...store,
          get: (key) =>
            isFailing ? Promise.reject(new Error(fixture.secret('a password of the store'))) : store.get(key),
        }
        const provider: Provider = { name: 'marked', tokenEndpoint: emulator.tokenEndpoint, api: emulator.apiUrl }
        const client = await fixture.client(provider, { credentials: withSecret(fixture), store: flaky })
        await fixture.try('token()', () => client?.token())
        isFailing = false
        // A bad store is tried again after a second or so.
        for (let scope = 0; !fixture.events.has('store.recovered'); scope += 1) {
          await fixture.try('token({ scopes })', () => client?.token({ scopes: [`s${scope}`] }))
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
        await client?.close()
      },
    })
  })

  it('functions of a provider, transports and listeners', { timeout: 600_000 }, async () => {
    const scene =
      (
        difference: (fixture: LeakFixture) => Partial<Provider>,
        options: (fixture: LeakFixture) => object = () => ({}),
      ) =>
      async (fixture: LeakFixture): Promise<void> => {
        await using emulator = await welcoming(fixture)
        const provider = {
          name: 'marked',
          tokenEndpoint: emulator.tokenEndpoint,
          api: emulator.apiUrl,
          ...difference(fixture),
        } as Provider
        await useAll(
          fixture,
          await fixture.client(provider, { credentials: withSecret(fixture), ...options(fixture) }),
          emulator,
        )
      }
    const withCause = (fixture: LeakFixture, given: unknown): Error =>
      Object.assign(new Error(fixture.secret('a message'), { cause: { given, body: fixture.secret('a cause') } }), {
        config: given,
      })
    await play({
      'a header that no header can be': scene(() => ({
        clientAuthentication: {
          name: 'own',
          authenticate: ({ headers }, credentials) =>
            headers.set('authorization', `${(credentials as { clientSecret: string }).clientSecret}\n`),
        },
      })),
      'a reader that throws the answer': scene((fixture) => ({
        readTokenResponse: (answer) => {
          throw withCause(fixture, answer)
        },
      })),
      'a reader that answers no fields': scene((fixture) => ({
        readTokenResponse: () => fixture.secret('what the reader answers') as never,
      })),
      'a reader with a token that fits in no header': scene((fixture) => ({
        readTokenResponse: () => ({ accessToken: `${fixture.secret('the token')}\n`, tokenType: 'Bearer' }),
      })),
      'an authorizeRequest that throws': scene(() => ({
        authorizeRequest: (headers, token) => headers.set('authorization', `${token.value}\n`),
      })),
      'an explain that throws': scene((fixture) => ({
        tokenEndpoint: 'http://127.0.0.1:9/token',
        explain: (failure) => {
          throw withCause(fixture, failure)
        },
      })),
      'an api that throws its context': scene((fixture) => ({
        api: async (context: unknown) => {
          throw withCause(fixture, context)
        },
      })),
      'an api that answers no URL': scene((fixture) => ({
        api: async () => ({ baseUrl: fixture.secret('what the discovery answers'), info: undefined }),
      })),
      'an api with a secret in its URL': scene((fixture) => ({
        api: async () => ({
          baseUrl: `https://a:${encodeURIComponent(fixture.secret('a password of the discovery'))}@127.0.0.1/`,
          info: undefined,
        }),
      })),
      'a transport that throws the request': scene(
        () => ({}),
        (fixture) => ({ fetch: async (...given: readonly unknown[]) => Promise.reject(withCause(fixture, given)) }),
      ),
      'a transport that answers no Response': scene(
        () => ({}),
        (fixture) => ({ fetch: async () => ({ body: fixture.secret('a body') }) }),
      ),
      'a listener that throws': scene(
        () => ({}),
        (fixture) => ({
          onEvent: () => {
            throw new Error(fixture.secret('what a listener throws'))
          },
        }),
      ),
    })
  })

  it('the error of a credentials function reaches only the caller, and an invalid result nobody', {
    timeout: 600_000,
  }, async () => {
    await play({
      throws: async (fixture) => {
        await using emulator = await welcoming(fixture)
        const failure = new Error(fixture.secret('the words of a vault'))
        const client = await fixture.client(
          { name: 'marked', tokenEndpoint: emulator.tokenEndpoint },
          { credentials: () => Promise.reject(failure) },
        )
        // It is the program's own error, which comes back to the program as it is.
        await expect(client?.token()).rejects.toBe(failure)
      },
      nonsense: async (fixture) => {
        const answers: readonly unknown[] = [
          fixture.secret('nonsense'),
          { clientId: 'a', clientSecret: `${fixture.secret('the client secret')}\n` },
          { clientId: 'a', unknown: fixture.secret('an unknown field') },
          { clientId: 'a', privateKey: fixture.secret('a key that is none') },
          { clientId: 'a', clientSecret: { value: fixture.secret('the client secret') } },
        ]
        for (const answer of answers) {
          const client = await fixture.client(
            { name: 'marked', tokenEndpoint: 'https://a.test/t' },
            { credentials: () => answer as Credentials },
          )
          await fixture.try('token()', () => client?.token())
          await fixture.client(
            { name: 'marked', tokenEndpoint: 'https://a.test/t' },
            { credentials: answer as Credentials },
          )
        }
      },
    })
  })

  it('invalid options and unreadable keys', async () => {
    await play({
      options: async (fixture) => {
        const secret = fixture.secret('a secret in the wrong place')
        const encoded = encodeURIComponent(secret)
        const good = { name: 'marked', tokenEndpoint: 'https://a.test/t' }
        const credentials = withSecret(fixture)
        const wrong: readonly (readonly [object, object])[] = [
          [{ ...good, tokenEndpoint: `https://a:${encoded}@a.test/t` }, { credentials }],
          [{ ...good, tokenEndpoint: `http://a.test/t?${encoded}` }, { credentials }],
          [{ ...good, tokenEndpoint: secret }, { credentials }],
          [{ ...good, tokenRequest: { headers: { 'x y': secret, 'x-y': `${secret}\n` } } }, { credentials }],
          [{ ...good, parameters: { client_id: secret, a: { b: secret } } }, { credentials }],
          [{ ...good, apiOrigins: [secret, `https://a:${encoded}@a.test`] }, { credentials }],
          [good, { credentials, scopes: [secret, `${secret}\n`, { secret }] }],
          [good, { credentials, store: { url: secret } }],
          [good, { credentials, dpopKey: { privateKey: secret } }],
          [good, { credentials: secret }],
          [good, { credentials: { clientSecret: secret } }],
          [{ ...good, name: secret }, { credentials }],
        ]
        for (const [provider, options] of wrong) await fixture.client(provider as Provider, options as never)
        fixture.record('a pool', createClientPool(good, { credentials: () => credentials }))
      },
      keys: async (fixture) => {
        const secret = fixture.secret('a key that cannot be read')
        const body = Buffer.from(secret).toString('base64')
        for (const kind of [
          'PRIVATE KEY',
          'RSA PRIVATE KEY',
          'EC PRIVATE KEY',
          'ENCRYPTED PRIVATE KEY',
          'CERTIFICATE',
        ]) {
          await fixture.try(kind, () => importPrivateKey(`-----BEGIN ${kind}-----\n${body}\n-----END ${kind}-----\n`))
        }
        await fixture.try('JWK', () =>
          importPrivateKey({ kty: 'EC', crv: 'P-256', d: secret, x: 'a', y: 'b' } as never),
        )
        await fixture.try('no key', () => importPrivateKey(secret))
      },
    })
  })
})

describe('X1: other packages reveal no secret', () => {
  it('the interceptor for undici', { timeout: 600_000 }, async () => {
    const scene =
      (fault: Fault | undefined) =>
      async (fixture: LeakFixture): Promise<void> => {
        await using emulator = await welcoming(fixture)
        if (fault !== undefined) emulator.faults.set('api', fault)
        const provider: Provider = { name: 'marked', tokenEndpoint: emulator.tokenEndpoint, api: emulator.apiUrl }
        const client = await fixture.client(provider, { credentials: withSecret(fixture) })
        if (client === undefined) return
        const interceptor = nightlatchInterceptor(client)
        const dispatcher = new Agent().compose(interceptor)
        const sig = encodeURIComponent(fixture.secret('the query of a request'))
        const options = { dispatcher, signal: AbortSignal.timeout(fault?.name === 'hang' ? 500 : 30_000) }
        await fixture.try('request', async () => (await request(`${emulator.apiUrl}/x?sig=${sig}`, options)).statusCode)
        await fixture.try('elsewhere', () => request(`https://elsewhere.test/?sig=${sig}`, { dispatcher }))
        emulator.faults.set('token', echo(401))
        await client.forget()
        await fixture.try('refused', () => request(`${emulator.apiUrl}/x?sig=${sig}`, { dispatcher }))
        fixture.record('the interceptor', interceptor)
        await dispatcher.destroy()
        await client.close()
      }
    const named: readonly Fault[] = [{ name: 'revoked' }, { name: 'reset' }, { name: 'hang' }, echo(401), echo(500)]
    await play(Object.fromEntries([undefined, ...named].map((fault, at) => [`${at} ${fault?.name}`, scene(fault)])))
  })

  it('an emulator that is printed', async () => {
    await play({
      'the standard one': async (fixture) => {
        await using emulator = await startEmulator(
          standardEmulation({ clientSecret: fixture.secret('the client secret') }),
        )
        const { tokenEndpoint, apiUrl, credentials } = emulator
        const client = await fixture.client({ name: 'marked', tokenEndpoint, api: apiUrl }, { credentials })
        await fixture.try('fetch', () => client?.fetch(apiUrl))
        fixture.record('what is printed', [inspect(emulator, { depth: 9 }), JSON.stringify(emulator), `${emulator}`])
        fixture.record('its requests', [inspect(emulator.requests, { depth: 9 }), JSON.stringify(emulator.requests)])
        await client?.close()
      },
    })
  })

  it('the command line', { timeout: 600_000 }, async () => {
    const commands: readonly (readonly string[])[] = [
      ['token', 'prevu3d'],
      ['call', 'prevu3d', 'v1/nodes/{organization_id}/browse'],
      ['call', 'prevu3d', 'https://elsewhere.test/x'],
      ['doctor', 'prevu3d'],
      ['token', 'nobody'],
      ['token'],
      ['nothing'],
    ]
    const scene =
      (part: Part, fault: Fault | undefined) =>
      async (fixture: LeakFixture): Promise<void> => {
        await using emulator = await startEmulator(prevu3dEmulation())
        const { clientId, clientSecret } = emulator.credentials
        fixture.secrets.mark('the client secret', clientSecret)
        if (fault !== undefined) emulator.faults.set(part, fault)
        const env = {
          PREVU3D_CLIENT_ID: clientId,
          PREVU3D_CLIENT_SECRET: clientSecret,
          PREVU3D_CLOUD_API_URL: emulator.url,
        }
        for (const command of commands) {
          for (const manner of [[], ['--json']]) {
            const said: string[] = []
            const out = new PassThrough().on('data', (chunk) => said.push(String(chunk)))
            const terminal = { stdin: false, stdout: false, stderr: false }
            const timeout =
              ['token', 'call'].includes(command[0] ?? '') && command.length > 1 ? ['--timeout', '0.4'] : []
            const io = {
              env,
              stdin: Readable.from(['']),
              stdout: out,
              stderr: out,
              terminal,
              pid: 1,
              isRunning: () => true,
            }
            await run([...command, ...timeout, ...manner], io, '0.0.0')
            fixture.record(`nightlatch ${[...command, ...manner].join(' ')}`, said.join(''))
          }
        }
        for (const { headers, body } of emulator.requests) fixture.secrets.markRequest({ headers }, body)
      }
    const parts: readonly (readonly [Part, Fault | undefined])[] = [
      ['token', undefined],
      ['token', echo(401)],
      ['token', echo(200)],
      ['token', { name: 'html' }],
      ['discovery', echo(403)],
      ['api', echo(403)],
    ]
    await play(
      Object.fromEntries(parts.map(([part, fault], at) => [`${at} ${part} ${fault?.name}`, scene(part, fault)])),
    )
  })
})

describe('the search', () => {
  it('finds leaks of a client: a hint, an error, an event, a key, the console', async () => {
    const fixture = new LeakFixture('a leak')
    await using emulator = await welcoming(fixture)
    const secret = fixture.secret('the secret')
    emulator.faults.set('token', { name: 'answer', answer: { status: 400, body: { error: 'invalid_client' } } })
    const client = await fixture.client(
      {
        name: 'marked',
        tokenEndpoint: emulator.tokenEndpoint,
        explain: () => [`is it ${Buffer.from(`x:${secret}`).toString('base64')}?`],
      },
      // biome-ignore lint/suspicious/noConsole: this is what must be found
      { credentials: withSecret(fixture), onEvent: () => console.warn('refused', { secret }) },
    )
    await playing.run(fixture, () => fixture.try('token()', () => client?.token()))
    fixture.record('a key of the store', `token:${encodeURIComponent(secret)}`)
    await fixture.try('a transport', () =>
      Promise.reject(new Error('x', { cause: { config: { headers: { a: secret } } } })),
    )
    expect(fixture.leaks(observers)).toEqual([
      'a leak: nightlatch:grant: the secret',
      'a leak: nightlatch:event: the secret',
      'a leak: the event grant.failed: the secret',
      'a leak: token(): error: the secret',
      'a leak: a key of the store: the secret',
      'a leak: a transport: error: the secret',
      'a leak: the console or a warning of the process: the secret',
    ])
  })

  it('has covered every error code and every event', () => {
    const allCodes: Readonly<Record<ErrorCode, true>> = {
      invalid_options: true,
      grant_refused: true,
      response_unreadable: true,
      endpoint_unavailable: true,
      timed_out: true,
      discovery_failed: true,
      origin_refused: true,
    }
    const allEvents: Readonly<Record<ClientEvent['type'], true>> = {
      'token.served': true,
      'token.granted': true,
      'grant.retried': true,
      'grant.failed': true,
      'store.failed': true,
      'store.recovered': true,
      'api.discovered': true,
      'discovery.failed': true,
      'request.repeated': true,
      'origin.refused': true,
    }
    expect([...codes].sort()).toEqual(Object.keys(allCodes).sort())
    expect([...events].sort()).toEqual(Object.keys(allEvents).sort())
    expect([...published].sort()).toEqual(Object.keys(allEvents).sort())
  })

  it('has covered every channel, span and metric', () => {
    const page = readText('docs/opentelemetry.md')
    const metrics = [...page.matchAll(/^\| `(nightlatch\.[a-z.]+)` +\| (?:counter|histogram) /gm)].map(
      ([, name]) => name,
    )
    expect(metrics.length).toBeGreaterThan(9)
    const names = [...watched].map((what) => what.split(' ').slice(0, 2).join(' '))
    expect([...new Set(names)].sort()).toEqual(
      [
        'nightlatch:event',
        ...tracedWork,
        ...tracedWork.map((channel) => `span ${channel.replace(':', '.')}`),
        ...metrics.map((name) => `metric ${name}`),
      ].sort(),
    )
  })
})
