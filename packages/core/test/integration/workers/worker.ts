/** A Worker as a user writes it: its clients stand in the module, and every request shares them. */
import { env } from 'cloudflare:workers'
import {
  type Client,
  type ClientOptions,
  createClient,
  importPrivateKey,
  type Provider,
  privateKeyJwt,
} from '../../../src/index.ts'

const origin = env.VENDOR
const credentials = { clientId: env.CLIENT_ID, clientSecret: env.CLIENT_SECRET }
let asked = 0

const standard: Provider<{ readonly asked: number }> = {
  name: 'standard',
  tokenEndpoint: `${origin}/token`,
  async api({ fetch, signal }) {
    asked += 1
    const found = asked
    await (await fetch(`${origin}/api/discovery`, { signal })).text()
    return { baseUrl: `${origin}/api`, info: { asked: found } }
  },
}

const made = (provider: Provider<unknown>, options: Partial<ClientOptions> = {}): Client<unknown> =>
  createClient(provider, { credentials, timeout: 5, ...options })

const clients: Readonly<Record<string, Client<unknown>>> = {
  plain: made(standard),
  issuer: made({ name: 'issuer', issuer: origin, api: `${origin}/api` }),
  signed: made(
    { name: 'signed', tokenEndpoint: `${origin}/token`, api: `${origin}/api`, clientAuthentication: privateKeyJwt() },
    { credentials: async () => ({ clientId: env.CLIENT_ID, privateKey: await importPrivateKey(env.PRIVATE_KEY) }) },
  ),
  bound: made({ name: 'bound', tokenEndpoint: `${origin}/token`, api: `${origin}/api`, dpop: true }),
}

const worker = {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const client = clients[searchParams.get('client') ?? 'plain']
    if (client === undefined) return new Response(null, { status: 404 })
    try {
      return Response.json(await answer(pathname, client, searchParams))
    } catch (failure) {
      return Response.json({ failure: String(failure) }, { status: 500 })
    }
  },
}

async function answer(path: string, client: Client<unknown>, options: URLSearchParams): Promise<unknown> {
  if (path === '/token') return { token: (await client.token()).value }
  if (path === '/api') return await (await client.api()).get(options.get('path') ?? 'things').json()
  if (path === '/info') return await client.info()
  return {}
}

export { worker }
