import * as oidc from 'openid-client'
import { finishResponse, type Peer, type Settings } from '../peer.ts'

type Tokens = oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers

/** It has no cache: a variable holds the response, and its `expiresIn()` determines its validity. */
export const openidClient: Peer = {
  caches: true,
  async open(settings) {
    const configuration = configure(settings)
    let tokens: Tokens | undefined
    const grant = async (): Promise<Tokens> => {
      tokens = await oidc.clientCredentialsGrant(configuration)
      return tokens
    }
    const token = async (): Promise<string> => {
      if (tokens !== undefined && (tokens.expiresIn() ?? 0) > 0) return tokens.access_token
      return (await grant()).access_token
    }
    return {
      token,
      reveal: (value) => value as string,
      grant,
      send: async (url) => await oidc.fetchProtectedResource(configuration, await token(), new URL(url), 'GET'),
      finish: finishResponse,
    }
  },
}

function configure({ tokenEndpoint, clientId, clientSecret, fetch }: Settings): oidc.Configuration {
  const server = { issuer: new URL(tokenEndpoint).origin, token_endpoint: tokenEndpoint }
  const configuration = new oidc.Configuration(server, clientId, {}, oidc.ClientSecretBasic(clientSecret))
  oidc.allowInsecureRequests(configuration)
  if (fetch !== undefined) configuration[oidc.customFetch] = fetch as oidc.CustomFetch
  return configuration
}
