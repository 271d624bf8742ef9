import { type AccessToken, ClientCredentials } from 'simple-oauth2'
import { finishResponse, type Peer, type Settings } from '../peer.ts'

/** It has no cache: a variable holds the token, and its `expired()` determines its validity. */
export const simpleOauth2: Peer = {
  caches: true,
  async open(settings) {
    // Its transport cannot be replaced, so grants use the network.
    const client = createClient(settings)
    let held: AccessToken | undefined
    const grant = async (): Promise<AccessToken> => {
      held = await client.getToken({})
      return held
    }
    const token = async (): Promise<AccessToken> => (held !== undefined && !held.expired() ? held : await grant())
    const { fetch = (input, init) => globalThis.fetch(input, init) } = settings
    return {
      token,
      reveal,
      grant,
      send: async (url) => await fetch(url, { headers: { authorization: `Bearer ${reveal(await token())}` } }),
      finish: finishResponse,
    }
  },
  async openPool(settings) {
    const client = createClient(settings)
    const held = new Map<string, AccessToken>()
    const { fetch } = settings
    return async (tenant) => {
      const found = held.get(tenant)
      if (found !== undefined && !found.expired()) return found
      // Uses the stub to fill 100,000 tenants, and creates the token like `getToken`.
      const token =
        fetch === undefined
          ? await createClient({ ...settings, clientId: tenant }).getToken({})
          : client.createToken(await (await fetch(settings.tokenEndpoint)).json())
      held.set(tenant, token)
      return token
    }
  },
}

function createClient({ tokenEndpoint, clientId, clientSecret }: Settings): ClientCredentials {
  const { origin, pathname } = new URL(tokenEndpoint)
  return new ClientCredentials({
    client: { id: clientId, secret: clientSecret },
    auth: { tokenHost: origin, tokenPath: pathname },
  })
}

function reveal(token: unknown): string {
  return String((token as AccessToken).token.access_token)
}
