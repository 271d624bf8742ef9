import { loadOnce } from '../platform/load-once.ts'
import type { Provider } from './provider.ts'
import type { EndpointFinder, TokenEndpoint, Transport } from './token-endpoint.ts'

/**
 * Finds a provider's token endpoint: its `tokenEndpoint`, or the one in its issuer's metadata. The code that reads
 * metadata is loaded when it is first needed.
 *
 * @param timeout seconds per grant
 * @throws NightlatchError `discovery_failed`, `timed_out`
 */
export function createEndpointFinder(provider: Provider, transport: Transport, timeout: number): EndpointFinder {
  const { tokenEndpoint, issuer } = provider
  if (tokenEndpoint !== undefined) {
    const declared: Promise<TokenEndpoint> = Promise.resolve({
      url: new URL(tokenEndpoint),
      issuer: issuer === undefined ? undefined : new URL(issuer),
      issuerIdentifier: issuer === undefined ? undefined : String(issuer),
    })
    return { find: () => declared, forget: () => {}, close: () => {} }
  }
  const finder = loadOnce(async () => {
    const { createMetadataFinder } = await import('./issuer-metadata.ts')
    return createMetadataFinder(provider, transport, timeout)
  })
  return {
    async find(signal) {
      signal.throwIfAborted()
      return await (finder.loaded ?? (await finder.load())).find(signal)
    },
    forget: () => finder.loaded?.forget(),
    close: () => finder.loaded?.close(),
  }
}
