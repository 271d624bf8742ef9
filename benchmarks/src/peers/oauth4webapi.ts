import * as oauth from 'oauth4webapi'
import { finishResponse, type Peer } from '../peer.ts'

/** Functions for grants and requests; its user caches the token. */
export const oauth4webapi: Peer = {
  caches: false,
  async open({ tokenEndpoint, clientId, clientSecret, fetch }) {
    const server: oauth.AuthorizationServer = { issuer: new URL(tokenEndpoint).origin, token_endpoint: tokenEndpoint }
    const client: oauth.Client = { client_id: clientId }
    const authentication = oauth.ClientSecretBasic(clientSecret)
    const options = {
      [oauth.allowInsecureRequests]: true,
      ...(fetch === undefined ? {} : { [oauth.customFetch]: fetch as typeof globalThis.fetch }),
    }
    const grant = async (): Promise<oauth.TokenEndpointResponse> => {
      const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, {}, options as never)
      return await oauth.processClientCredentialsResponse(server, client, response)
    }
    const { access_token } = await grant()
    return {
      reveal: (tokens) => (tokens as oauth.TokenEndpointResponse).access_token,
      grant,
      send: (url) =>
        oauth.protectedResourceRequest(access_token, 'GET', new URL(url), undefined, undefined, options as never),
      finish: finishResponse,
    }
  },
}
