import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client'
import { finishResponse, type Peer } from '../peer.ts'

export const badgateway: Peer = {
  caches: true,
  async open({ tokenEndpoint, clientId, clientSecret, fetch }) {
    const client = new OAuth2Client({
      tokenEndpoint,
      clientId,
      clientSecret,
      authenticationMethod: 'client_secret_basic',
      ...(fetch === undefined ? {} : { fetch }),
    })
    const wrapper = new OAuth2Fetch({ client, getNewToken: () => client.clientCredentials(), scheduleRefresh: false })
    const middleware = wrapper.mw()
    return {
      token: () => wrapper.getAccessToken(),
      reveal: (token) => token as string,
      grant: () => client.clientCredentials(),
      // Its `fetch` always uses the global one; its middleware accepts another.
      send:
        fetch === undefined
          ? (url) => wrapper.fetch(url)
          : async (url) => await middleware(new Request(url), (request) => fetch(request)),
      finish: finishResponse,
    }
  },
}
