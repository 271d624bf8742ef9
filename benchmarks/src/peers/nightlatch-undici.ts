import { createClient } from '@nightlatch/core'
import { nightlatchInterceptor } from '@nightlatch/undici'
import { Agent, request } from 'undici'
import type { Peer } from '../peer.ts'
import { finishUndici } from './bare-undici.ts'

/** undici's `request` with the interceptor. */
export const nightlatchUndici: Peer = {
  caches: true,
  async open({ tokenEndpoint, apiUrl, clientId, clientSecret }) {
    const client = createClient(
      { name: 'benchmark', tokenEndpoint, api: apiUrl },
      { credentials: { clientId, clientSecret } },
    )
    const agent = new Agent()
    const dispatcher = agent.compose(nightlatchInterceptor(client))
    return {
      send: (url) => request(url, { dispatcher }),
      finish: finishUndici,
      async close() {
        await client.close()
        await agent.close()
      },
    }
  },
}
