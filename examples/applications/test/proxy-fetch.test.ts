import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createClient } from '@nightlatch/core'
import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { EnvHttpProxyAgent } from 'undici'
import { expect, it } from 'vitest'
import { fetchBy } from '../src/proxy-fetch.ts'

/** A proxy that tunnels, and lists the hosts that it was asked for. */
async function startProxy() {
  const targets: string[] = []
  const server = createServer().on('connect', ({ url = '' }, socket) => {
    targets.push(url)
    const [host = '', port] = url.split(':')
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      target.pipe(socket).pipe(target)
    })
    for (const end of [socket, target]) end.on('error', () => end.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { targets, url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

it('sends token requests and API requests through the proxy, also those of ky', async () => {
  const proxy = await startProxy()
  const dispatcher = new EnvHttpProxyAgent({ httpProxy: proxy.url, noProxy: '', proxyTunnel: true })
  try {
    await using emulator = await startEmulator(standardEmulation())
    const { tokenEndpoint, apiUrl: api, credentials } = emulator
    await using client = createClient({ name: 'acme', tokenEndpoint, api }, { credentials, fetch: fetchBy(dispatcher) })
    expect((await client.fetch(`${api}/orders`)).status).toBe(200)
    expect(await (await client.api()).post('orders', { json: { item: 'valve' } }).json()).toMatchObject({
      authorized: true,
    })
    const parts = emulator.requests.map(({ part }) => part)
    expect(parts).toEqual(['token', 'api', 'api'])
    expect([...new Set(proxy.targets)]).toEqual([new URL(emulator.url).host])
  } finally {
    await dispatcher.destroy()
    proxy.close()
  }
})
