import { type AccessToken, type ClientOptions, createClient, createClientPool, type Provider } from '@nightlatch/core'
import { finishResponse, type Peer, type Settings } from '../peer.ts'

export const nightlatch: Peer = {
  caches: true,
  async open(settings) {
    const client = createClient(describe(settings), {
      credentials: { clientId: settings.clientId, clientSecret: settings.clientSecret },
      ...transportOf(settings),
    })
    return {
      token: () => client.token(),
      reveal: (token) => (token as AccessToken).value,
      async grant() {
        await client.forget()
        return await client.token()
      },
      send: (url) => client.fetch(url),
      finish: finishResponse,
      async openApi() {
        const api = await client.api()
        return (path) => api.get(path)
      },
      close: () => client.close(),
    }
  },
  async openPool(settings, maxTenants) {
    const pool = createClientPool(describe(settings), {
      credentials: (tenant) => ({ clientId: tenant, clientSecret: settings.clientSecret }),
      maxClients: maxTenants,
      ...transportOf(settings),
    })
    return (tenant) => pool.client(tenant).token()
  },
}

function describe({ tokenEndpoint, apiUrl }: Settings): Provider {
  return { name: 'benchmark', tokenEndpoint, api: apiUrl }
}

function transportOf({ fetch }: Settings): Pick<ClientOptions, 'fetch'> {
  return fetch === undefined ? {} : { fetch }
}
