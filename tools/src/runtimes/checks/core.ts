/** Checks of `@nightlatch/core` on every runtime. */
import {
  type ClientEvent,
  createClient,
  createClientPool,
  type GrantTrace,
  memoryStore,
  NightlatchError,
  type Provider,
  privateKeyJwt,
} from '@nightlatch/core'
import {
  expect,
  expectEqual,
  failureOf,
  offered,
  printings,
  type RemoteEmulator,
  type RuntimeCheck,
} from './runtime-check.ts'

/** A timer that is left behind would keep the process running for this time. */
const timeout = 60

function acme(emulator: RemoteEmulator, more: Partial<Provider> = {}): Provider {
  return {
    name: 'acme',
    tokenEndpoint: offered(emulator, 'tokenEndpoint'),
    api: offered(emulator, 'apiUrl'),
    ...more,
  }
}

async function signingKey(): Promise<{ readonly pair: CryptoKeyPair; readonly publicKey: JsonWebKey }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const pair = (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair
  return { pair, publicKey: (await crypto.subtle.exportKey('jwk', pair.publicKey)) as JsonWebKey }
}

interface Channel {
  subscribe(listener: (message: unknown) => void): void
  unsubscribe(listener: (message: unknown) => void): void
}

interface Channels {
  subscribe(name: string, listener: (message: unknown) => void): void
  unsubscribe(name: string, listener: (message: unknown) => void): void
  channel(name: string): object
  tracingChannel(name: string): { readonly asyncEnd: Channel }
}

type Platform = { readonly process?: { getBuiltinModule?(name: string): Channels | undefined } }

/** Loaded without an import, which would fail on runtimes without the module. */
const channels = (globalThis as Platform).process?.getBuiltinModule?.('node:diagnostics_channel')

// Referenced from the start, because Bun may drop a channel together with its last client.
const held = channels && [channels.channel('nightlatch:event'), channels.tracingChannel('nightlatch:grant')]

function findChannels(): Channels {
  expect(held !== undefined, 'the channels are held')
  expect(channels !== undefined, 'the runtime has node:diagnostics_channel and getBuiltinModule')
  return channels
}

export const checks: readonly RuntimeCheck[] = [
  {
    name: 'a token, the secret sent by Basic',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const client = createClient(acme(emulator), { credentials: emulator.credentials, timeout })
      const token = await client.token()
      expectEqual(token.type, 'Bearer', 'the type')
      expect((token.expiresAt?.getTime() ?? 0) > Date.now(), 'it expires later than now')
      expectEqual(await emulator.requests(), [{ part: 'token', path: '/token', scheme: 'Basic' }], 'the requests')
      await client.close()
    },
  },
  {
    name: 'a token, proved by a signature (private_key_jwt)',
    async run(emulatorServer) {
      const { pair, publicKey } = await signingKey()
      const emulator = await emulatorServer.emulator('signed', { publicKey })
      const provider = acme(emulator, { clientAuthentication: privateKeyJwt() })
      const client = createClient(provider, {
        credentials: { clientId: 'robot', privateKey: pair.privateKey },
        timeout,
      })
      const api = await client.api()
      const echo = await api.get('orders').json<{ authorized: boolean }>()
      expect(echo.authorized, 'the request was authorised')
      await client.close()

      const stranger = await signingKey()
      const refused = createClient(provider, {
        credentials: { clientId: 'robot', privateKey: stranger.pair.privateKey },
        timeout,
      })
      const error = await failureOf(refused.token(), 'the signature of another key')
      expect(error instanceof NightlatchError && error.code === 'grant_refused', 'another key is rejected')
      await refused.close()
    },
  },
  {
    name: 'a token bound to a key (DPoP)',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('dpop')
      const client = createClient(acme(emulator, { dpop: true }), { credentials: emulator.credentials, timeout })
      expectEqual((await client.token()).type, 'DPoP', 'the type')
      const response = await client.fetch(`${offered(emulator, 'apiUrl')}/orders?page=2`, {
        method: 'POST',
        body: 'an order',
      })
      const echo = (await response.json()) as { body: string }
      expectEqual([response.status, echo.body], [200, 'an order'], 'the answer')
      await client.close()
    },
  },
  {
    name: 'client.fetch: an authorised request',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const client = createClient(acme(emulator), { credentials: emulator.credentials, timeout })
      const request = new Request(`${offered(emulator, 'apiUrl')}/orders`, {
        method: 'PUT',
        headers: { 'x-shop': 'blue' },
        body: JSON.stringify({ pieces: 2 }),
      })
      const response = await client.fetch(request)
      const echo = (await response.json()) as { method: string; body: string; headers: Record<string, string> }
      expectEqual(
        [echo.method, echo.body, echo.headers['x-shop']],
        ['PUT', '{"pieces":2}', 'blue'],
        'what the API was asked',
      )
      expectEqual(
        (await emulator.requests('api')).map(({ scheme }) => scheme),
        ['Bearer'],
        'the scheme',
      )
      await client.close()
    },
  },
  {
    name: 'client.api(): ky on the API',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const client = createClient(acme(emulator), { credentials: emulator.credentials, timeout })
      const api = await client.api()
      const echo = await api
        .post('orders', { json: { pieces: 2 }, searchParams: { page: 2 } })
        .json<{ query: string; body: string }>()
      expectEqual([echo.query, echo.body], ['page=2', '{"pieces":2}'], 'what the API was asked')
      await client.close()
    },
  },
  {
    name: 'one token request for 100 callers',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const client = createClient(acme(emulator), { credentials: emulator.credentials, timeout })
      const tokens = await Promise.all(Array.from({ length: 100 }, () => client.token()))
      expectEqual(new Set(tokens.map(({ value }) => value)).size, 1, 'tokens')
      expectEqual((await emulator.requests('token')).length, 1, 'requests for a token')
      await client.close()
    },
  },
  {
    name: 'a token that the API rejects is replaced',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const client = createClient(acme(emulator), { credentials: emulator.credentials, timeout })
      await client.token()
      await emulator.fault('api', { name: 'revoked' })
      const response = await client.fetch(offered(emulator, 'apiUrl'), { method: 'POST', body: 'an order' })
      const echo = (await response.json()) as { body: string }
      expectEqual([response.status, echo.body], [200, 'an order'], 'the answer')
      expectEqual(
        (await emulator.requests()).map(({ part }) => part),
        ['token', 'api', 'token', 'api'],
        'the requests',
      )
      await client.close()
    },
  },
  {
    name: 'a foreign origin gets no token',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const client = createClient(acme(emulator), { credentials: emulator.credentials, timeout })
      const error = await failureOf(client.fetch(offered(emulator, 'elsewhereUrl')), 'another origin')
      expect(error instanceof NightlatchError && error.code === 'origin_refused', 'origin_refused')
      expectEqual(await emulator.requests(), [], 'the requests')
      await client.close()
    },
  },
  {
    name: 'a redirect to another origin loses the token',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const client = createClient(acme(emulator), { credentials: emulator.credentials, timeout })
      const response = await client.fetch(offered(emulator, 'redirectUrl'))
      const echo = (await response.json()) as { authorized: boolean; path: string }
      expectEqual([echo.path, echo.authorized], ['/api/redirected', false], 'what the other origin was asked')
      await client.close()
    },
  },
  {
    name: 'errors and tokens print no secret',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const token = await createClient(acme(emulator), { credentials: emulator.credentials, timeout }).token()
      for (const text of printings({ token }).concat(printings(token))) {
        expect(!text.includes(token.value), 'a token prints without its value')
      }

      const clientSecret = 'a-secret-nobody-may-see'
      const wrong = createClient(acme(emulator), { credentials: { clientId: 'robot', clientSecret }, timeout })
      const error = await failureOf(wrong.token(), 'a wrong secret')
      expect(error instanceof NightlatchError, 'a NightlatchError')
      expectEqual([error.code, error.status, error.error], ['grant_refused', 401, 'invalid_client'], 'the error')
      for (const text of [...printings(error), ...printings(wrong)]) {
        expect(!text.includes(clientSecret) && !text.includes(btoa(`robot:${clientSecret}`)), 'it names no secret')
      }
      await wrong.close()
    },
  },
  {
    name: 'a store serves two clients (memoryStore)',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const options = { credentials: emulator.credentials, store: memoryStore(), timeout }
      const [first, second] = [createClient(acme(emulator), options), createClient(acme(emulator), options)]
      const token = await first.token()
      expect((await second.token()).value === token.value, 'the same token')
      expectEqual((await emulator.requests('token')).length, 1, 'requests for a token')
      await Promise.all([first.close(), second.close()])
    },
  },
  {
    name: 'a pool of clients separates tenants',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const pool = createClientPool(acme(emulator), {
        credentials: (tenant) =>
          tenant === 'blue' ? emulator.credentials : { clientId: tenant, clientSecret: 'not known here' },
        timeout,
      })
      expectEqual((await pool.client('blue').token()).type, 'Bearer', 'the type')
      const error = await failureOf(pool.client('red').token(), 'a tenant that is not known')
      expect(error instanceof NightlatchError && error.code === 'grant_refused', 'the other tenant is refused')
      await pool.close()
    },
  },
  {
    name: 'an aborted call rejects at once, with its own reason',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      await emulator.fault('token', { name: 'slow', seconds: 0.5 })
      const client = createClient(acme(emulator), { credentials: emulator.credentials, timeout })
      const controller = new AbortController()
      const reason = new Error('no longer needed')
      setTimeout(() => controller.abort(reason), 20)
      const [left, stayed] = await Promise.all([
        failureOf(client.token({ signal: controller.signal }), 'an aborted call'),
        client.token(),
      ])
      expect(left === reason, 'the reason is the caller’s own')
      expectEqual(stayed.type, 'Bearer', 'what the other caller has')
      await client.close()
    },
  },
  {
    name: 'a timeout ends a grant that hangs',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      await emulator.fault('token', { name: 'hang' })
      const client = createClient(acme(emulator), { credentials: emulator.credentials, timeout: 0.3 })
      const error = await failureOf(client.token(), 'an endpoint that hangs')
      expect(error instanceof NightlatchError && error.code === 'timed_out', 'timed_out')
      await client.close()
    },
  },
  {
    name: 'events reach the client’s own listener',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const heard: string[] = []
      const onEvent = ({ type }: ClientEvent): void => void heard.push(type)
      const client = createClient(acme(emulator), { credentials: emulator.credentials, timeout, onEvent })
      await client.token()
      await client.token()
      expectEqual(heard, ['token.granted', 'token.served', 'token.served'], 'events')
      await client.close()
    },
  },
  {
    name: 'events reach the channel nightlatch:event, and grants nightlatch:grant',
    async run(emulatorServer) {
      const channels = findChannels()
      const emulator = await emulatorServer.emulator('standard')
      const heard: string[] = []
      const onEvent = (message: unknown): void => void heard.push((message as ClientEvent).type)
      const onEnd = (message: unknown): void => void heard.push(`grant ${(message as GrantTrace).attempt}`)
      const client = createClient(acme(emulator), { credentials: emulator.credentials, timeout })
      const grants = channels.tracingChannel('nightlatch:grant').asyncEnd
      channels.subscribe('nightlatch:event', onEvent)
      grants.subscribe(onEnd)
      await client.token()
      channels.unsubscribe('nightlatch:event', onEvent)
      grants.unsubscribe(onEnd)
      await client.forget()
      await client.token()
      expectEqual(heard.toSorted(), ['grant 1', 'token.granted', 'token.served'], 'messages')
      await client.close()
    },
  },
]
