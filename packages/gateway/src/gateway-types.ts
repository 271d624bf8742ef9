import type { Writable } from 'node:stream'
import type { GatewayConfiguration } from './configuration.ts'

/** A running gateway. */
export interface Gateway extends AsyncDisposable {
  /** Where the gateway listens now. */
  readonly addresses: readonly GatewayAddress[]
  /**
   * Replaces the configuration without dropping a request. Clients that are configured as before keep their tokens. If the new
   * configuration has a mistake, the old one stays in use.
   *
   * @throws NightlatchError `invalid_options`
   */
  reload(config: GatewayConfiguration): Promise<void>
  /**
   * Refuses new connections, lets requests finish, and closes the clients.
   *
   * @param options.timeout seconds until connections are closed that still have a request; default 30
   */
  close(options?: { readonly timeout?: number }): Promise<void>
}

/** One address on which a gateway listens. */
export interface GatewayAddress {
  readonly listener: 'main' | 'admin'
  /** Such as `http://127.0.0.1:8711`; `undefined` for a unix socket. */
  readonly url: string | undefined
  /** The path of a unix socket; `undefined` for a host and port. */
  readonly socket: string | undefined
}

/** Options of `createGateway`. */
export interface GatewayOptions {
  /** Receives one JSON line for each request. Default: none is written. */
  readonly audit?: Writable
  /** Milliseconds since the epoch. Default `Date.now`; for tests. */
  readonly now?: () => number
}
