import { createClient } from '@latchkey/core'
import { Agent, type Dispatcher, request } from 'undici'
import type { Peer } from '../peer.ts'
import { finishUndici } from './bare-undici.ts'

/** What the interceptor is called, and where it is. */
interface LatchkeyUndici {
  readonly latchkeyInterceptor: (client: ReturnType<typeof createClient>) => Dispatcher.DispatcherComposeInterceptor
}

const interceptorPackage: string = '@latchkey/undici'

/** undici's own `request` through the interceptor; takes part once the package is there. */
export const latchkeyUndici: Peer = {
  caches: true,
  async open({ tokenEndpoint, apiUrl, clientId, clientSecret }) {
    const found = await findInterceptor()
    if (found === undefined) return {}
    const client = createClient(
      { name: 'benchmark', tokenEndpoint, api: apiUrl },
      { credentials: { clientId, clientSecret } },
    )
    const agent = new Agent()
    const dispatcher = agent.compose(found.latchkeyInterceptor(client))
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

async function findInterceptor(): Promise<LatchkeyUndici | undefined> {
  try {
    return (await import(interceptorPackage)) as LatchkeyUndici
  } catch (failure) {
    if (failure instanceof Error && 'code' in failure && failure.code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw failure
  }
}
