import ky from 'ky'
import { finishResponse, grantByHand, type Peer } from '../peer.ts'

/** ky with a constant header. */
export const kyStatic: Peer = {
  caches: false,
  async open(settings) {
    const { access_token } = await grantByHand(settings)
    const api = ky.create({
      prefix: settings.apiUrl,
      headers: { authorization: `Bearer ${access_token}` },
      ...(settings.fetch === undefined ? {} : { fetch: settings.fetch }),
    })
    return {
      send: (url) => api.get(url.slice(settings.apiUrl.length + 1)),
      finish: finishResponse,
      openApi: async () => (path) => api.get(path),
    }
  },
}
