/** A Worker as a user writes it: its clients stand in the module, are made before the first request, and serve them all. */
import { env } from 'cloudflare:workers'
import {
  type Client,
  type ClientOptions,
  type Credentials,
  createClient,
  importPrivateKey,
  type Provider,
  privateKeyJwt,
} from '../../../src/index.ts'

const credentials = { clientId: env.CLIENT_ID, clientSecret: env.CLIENT_SECRET }
const standard = { name: 'standard', tokenEndpoint: `${env.VENDOR}/token`, api: `${env.VENDOR}/api` }

/** The vendor stands in for the vault, too: any of its answers will do. */
async function readFromVault(): Promise<Credentials> {
  await fetch(`${env.VENDOR}/redirect`, { redirect: 'manual' })
  return { clientId: env.CLIENT_ID, privateKey: await importPrivateKey(env.PRIVATE_KEY) }
}

/** Milliseconds by which the clients' clock is ahead. */
let ahead = 0
/** How many calls of clients have begun, ended or not. */
let begun = 0

const make = (provider: Provider, options: Partial<ClientOptions> = {}): Client =>
  createClient(provider, { credentials, timeout: 60, now: () => Date.now() + ahead, ...options })

const clients: Readonly<Record<string, Client>> = {
  plain: make(standard),
  hurried: make(standard, { timeout: 1 }),
  issuer: make({ name: 'standard', issuer: env.VENDOR, api: standard.api }),
  signed: make({ ...standard, clientAuthentication: privateKeyJwt() }, { credentials: readFromVault }),
  bound: make({ ...standard, dpop: true }),
  discovering: make({
    ...standard,
    async api({ fetch, signal }) {
      const response = await fetch(`${env.VENDOR}/api/discovery`, { signal })
      await response.body?.cancel()
      return { baseUrl: standard.api, info: { status: response.status } }
    },
  }),
}

/** What is asked of a client, by the path of the request. */
const calls: Readonly<Record<string, (client: Client, options: URLSearchParams) => Promise<unknown>>> = {
  '/token': async (client) => (await client.token()).value.slice(-12),
  '/api': async (client, options) => {
    const { status } = await (await client.api()).get(options.get('path') ?? 'things')
    return status
  },
  '/info': (client) => client.info(),
  '/redirect': async (client) => {
    const response = await client.fetch(`${env.VENDOR}/redirect`)
    return { status: response.status, redirected: response.redirected }
  },
  '/forget': (client) => client.forget(),
  '/close': (client) => client.close(),
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/begun') return Response.json(begun)
    if (pathname === '/advance') {
      ahead += Number(searchParams.get('seconds')) * 1000
      return new Response()
    }
    const client = clients[searchParams.get('client') ?? '']
    const call = calls[pathname]
    if (client === undefined || call === undefined) return new Response('unknown', { status: 404 })
    begun += 1
    try {
      return Response.json((await call(client, searchParams)) ?? null)
    } catch (failure) {
      return new Response(failure instanceof Error ? failure.message : 'no Error', { status: 500 })
    }
  },
}
