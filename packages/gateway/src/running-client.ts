import { type Client, type ClientEvent, createClient, type NightlatchError, type TokenStore } from '@nightlatch/core'
import { nightlatchInterceptor } from '@nightlatch/undici'
import type { Dispatcher } from 'undici'
import type { ValidClient } from './valid-configuration.ts'

/** What a status page says of the last failure. */
export interface ClientFailure {
  readonly at: Date
  readonly error: NightlatchError
}

/** A client of the configuration, with what its events said. */
export class RunningClient {
  readonly name: string
  readonly client: Client
  /** Sends requests with the client's token. */
  readonly dispatcher: Dispatcher
  /** What the client was made of; see `ValidClient.source`. */
  readonly source: unknown
  /** The last failure since the last grant. */
  failure: ClientFailure | undefined
  lastGrantAt: Date | undefined
  grants = 0
  failedGrants = 0
  /** Whether the store did not answer the last time; `undefined` without a store. */
  isStoreFailing: boolean | undefined
  #base: URL | undefined
  #origin = ''
  #requestedAt: number | undefined
  readonly #now: () => number

  constructor(
    name: string,
    config: ValidClient,
    agent: Dispatcher,
    store: TokenStore | undefined,
    now: () => number = Date.now,
  ) {
    this.name = name
    this.source = config.source
    this.#now = now
    this.isStoreFailing = store === undefined ? undefined : false
    const { api } = config.provider
    if (api !== undefined && typeof api !== 'function') this.#setBase(new URL(api))
    const { onEvent } = config.options
    this.client = createClient(config.provider, {
      ...config.options,
      ...(now !== Date.now && { now }),
      ...(store !== undefined && { store }),
      onEvent: (event) => {
        this.#note(event)
        onEvent?.(event)
      },
    })
    this.dispatcher = agent.compose(nightlatchInterceptor(this.client))
  }

  /** The API's base URL; `undefined` until the provider's discovery found it. */
  get base(): URL | undefined {
    return this.#base
  }

  /** Finds the API's base URL. */
  async findBase(): Promise<URL> {
    const base = await this.client.apiUrl()
    this.#setBase(base)
    return base
  }

  /** The API's origin; empty until the provider's discovery found it. `URL` writes it again each time that it is read. */
  get origin(): string {
    return this.#origin
  }

  #setBase(base: URL): void {
    this.#base = base
    this.#origin = base.origin
  }

  /** Seconds since the current token was requested; `undefined` if there is none. */
  get tokenAge(): number | undefined {
    return this.#requestedAt === undefined ? undefined : (this.#now() - this.#requestedAt) / 1000
  }

  #note(event: ClientEvent): void {
    switch (event.type) {
      case 'token.served':
        // By far the most frequent event, and nothing new.
        if (event.from !== 'memory') this.#readAge()
        break
      case 'token.granted':
        this.grants += 1
        this.failure = undefined
        this.lastGrantAt = new Date(this.#now())
        this.#requestedAt = this.#now() - event.duration * 1000
        break
      case 'grant.failed':
        this.failedGrants += 1
        this.failure = { at: new Date(this.#now()), error: event.error }
        break
      case 'discovery.failed':
        this.failure = { at: new Date(this.#now()), error: event.error }
        break
      case 'api.discovered':
        if (this.failure?.error.code === 'discovery_failed') this.failure = undefined
        break
      case 'store.failed':
        this.isStoreFailing = true
        break
      case 'store.recovered':
        this.isStoreFailing = false
        break
      default:
    }
  }

  /** A token that another gateway requested is older than this gateway's first use of it. */
  #readAge(): void {
    this.#requestedAt = this.client.status().requestedAt?.getTime() ?? this.#requestedAt
  }
}
