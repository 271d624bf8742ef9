import type { GatewayConfiguration } from './configuration.ts'
import type { Gateway, GatewayOptions } from './gateway-types.ts'

export type { Gateway, GatewayAddress, GatewayOptions } from './gateway-types.ts'

import { RunningGateway } from './running-gateway.ts'
import { validateConfiguration } from './validate-configuration.ts'

/**
 * Starts a gateway.
 *
 * @param config what it forwards, to whom, and where it listens
 * @param options where the audit log is written
 * @returns the gateway, which listens
 * @throws NightlatchError `invalid_options`; the message names each mistake of the configuration by its path
 * @example
 * ```ts
 * const gateway = await createGateway({
 *   clients: {
 *     orders: {
 *       provider: { name: 'acme', tokenEndpoint: 'https://login.acme.example/token', api: 'https://api.acme.example/v2' },
 *       credentials: { clientId: 'robot', clientSecret: { env: 'ACME_SECRET' } },
 *     },
 *   },
 *   upstreams: { orders: { client: 'orders', allow: [{ callers: '*', methods: ['GET'], paths: ["/v1/**"] }] } },
 * })
 * ```
 */
export async function createGateway(config: GatewayConfiguration, options: GatewayOptions = {}): Promise<Gateway> {
  return await RunningGateway.start(await validateConfiguration(config), options)
}

/**
 * Returns the configuration; types a configuration file.
 *
 * @example
 * ```ts
 * import { defineGateway } from '@nightlatch/gateway'
 *
 * export default defineGateway({
 *   clients: {
 *     orders: {
 *       provider: { name: 'acme', tokenEndpoint: 'https://login.acme.example/token', api: 'https://api.acme.example/v2' },
 *       credentials: { clientId: 'robot', clientSecret: { env: 'ACME_SECRET' } },
 *     },
 *   },
 *   upstreams: { orders: { client: 'orders', allow: [{ callers: '*', methods: ['GET'], paths: ['/v1/orders'] }] } },
 * })
 * ```
 */
export function defineGateway(config: GatewayConfiguration): GatewayConfiguration {
  return config
}
