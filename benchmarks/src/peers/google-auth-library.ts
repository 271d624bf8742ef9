import { OAuth2Client } from 'google-auth-library'
import { grantByHand, type Peer } from '../peer.ts'

/** Its generic OAuth client, with its cache and a hand-written refresh handler. */
export const googleAuthLibrary: Peer = {
  caches: true,
  async open(settings) {
    const { fetch } = settings
    const client = new OAuth2Client(fetch === undefined ? {} : { transporterOptions: { fetchImplementation: fetch } })
    client.refreshHandler = async () => {
      const { access_token, expires_in } = await grantByHand(settings)
      return { access_token, expiry_date: Date.now() + expires_in * 1000 }
    }
    return {
      token: () => client.getAccessToken(),
      reveal: (answer) => (answer as { token?: string | null }).token ?? '',
      send: (url) => client.request({ url, responseType: 'text' }),
      finish: async (answer) => (answer as { status: number }).status,
    }
  },
}
