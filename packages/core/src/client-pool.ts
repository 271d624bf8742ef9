import * as v from 'valibot'
import { type Credentials, CredentialsReader } from './acquire/credentials.ts'
import { hasSource, type Provider } from './acquire/provider.ts'
import { createSteadyClock } from './cache/steady-clock.ts'
import { type Client, type ClientParts, layOut, ProviderClient } from './client.ts'
import { type ClientOptions, checkClient } from './client-options.ts'
import { findMistakes, refuseMistakes } from './platform/validation.ts'

/** What the clients of a pool are made of besides their provider. */
export interface ClientPoolOptions extends Omit<ClientOptions, 'credentials'> {
  /** Reads a tenant's credentials where they live; asked when that tenant's token is first needed. */
  readonly credentials: (tenant: string) => Credentials | Promise<Credentials>
  /** How many clients are kept at once, a whole number from 1. Default 10,000. */
  readonly maxClients?: number
}

/** Clients of many tenants of one provider. */
export interface ClientPool<Info> extends AsyncDisposable {
  /**
   * The tenant's client, the same one as long as it is kept. One that was let go is made anew: that costs a token, or a look
   * into the store.
   *
   * @param tenant any name, case and all
   * @throws NightlatchError `invalid_options` where the tenant is no name, or its provider is wrong
   */
  client(tenant: string): Client<Info>
  /** Closes every client, and lets them go. */
  close(): Promise<void>
}

const poolSchema = v.object({
  credentials: v.function('must be a function of the tenant'),
  maxClients: v.optional(
    v.pipe(v.number('must be a number'), v.integer('must be a whole number'), v.minValue(1, 'must be 1 or more')),
  ),
})

/** A tenant's client. */
class PooledClient<Info> extends ProviderClient<Info> {
  /** The number of the hour in which it was last asked for; negative where it was not since its last turn to make room. */
  #hour: number

  constructor(parts: ClientParts<Info>, client: CredentialsReader, hour: number) {
    super(parts, client)
    this.#hour = ~hour
  }

  use(hour: number): void {
    this.#hour = hour
  }

  /** Takes its turn to make room: whether it was used since the last one. */
  takeTurn(): boolean {
    const wasUsed = this.#hour >= 0
    if (wasUsed) this.#hour = ~this.#hour
    return wasUsed
  }

  wasUsedBefore(hour: number): boolean {
    return (this.#hour < 0 ? ~this.#hour : this.#hour) < hour
  }
}

/** So many calls go by between two looks at the clock. */
const callsPerLook = 256

/** Milliseconds: a client that nobody asked for so long, or up to twice as long, is let go. */
const idle = 3_600_000

/**
 * Many tenants of one provider: bounded, nothing shared between tenants but the store and the transport.
 *
 * @param provider the provider of all tenants, or a function that describes each one's
 * @throws NightlatchError `invalid_options`
 */
export function createClientPool<Info>(
  provider: Provider<Info> | ((tenant: string) => Provider<Info>),
  options: ClientPoolOptions,
): ClientPool<Info> {
  refuseMistakes(findMistakes(poolSchema, options, 'options'), undefined)
  const { maxClients = 10_000, credentials, ...common } = options
  const checked = { ...common, credentials: () => credentials('') }
  const layOutChecked = (described: Provider<Info>): ClientParts<Info> => {
    checkClient(described, checked)
    return layOut(described, common)
  }
  // Options are wrong or right whatever the tenant: they are judged now, by a provider that nobody asks.
  if (typeof provider === 'function')
    checkClient({ name: 'pool', tokenEndpoint: 'https://pool.invalid', dpop: common.dpopKey !== undefined }, checked)
  const parts = typeof provider === 'function' ? undefined : layOutChecked(provider)
  const time = createSteadyClock(common.now ?? Date.now)
  const clients = new Map<string, PooledClient<Info>>()
  let hour = 0
  let calls = 0
  let hourBegan = time()

  const create = (tenant: string): PooledClient<Info> => {
    if (typeof tenant !== 'string' || tenant === '') {
      refuseMistakes(['tenant must be a name, not empty'], undefined)
    }
    const own = parts ?? layOutChecked(typeof provider === 'function' ? provider(tenant) : provider)
    return new PooledClient(
      own,
      new CredentialsReader(credentials, own.provider.name, own.dpopOf(), tenant, hasSource(own.provider)),
      hour,
    )
  }

  /** Once an hour, lets go who was not asked for in it; who is waiting for a token stays. */
  const letIdleGo = (): void => {
    const now = time()
    if (now - hourBegan < idle) return
    for (const [tenant, client] of clients) if (client.wasUsedBefore(hour) && !client.busy) clients.delete(tenant)
    hour += 1
    hourBegan = now
  }

  /** Makes room: the first that was not asked for since its last turn goes; those that were get another turn. */
  const makeRoom = (): void => {
    for (let turns = 2 * clients.size; clients.size >= maxClients && turns > 0; turns -= 1) {
      const [first] = clients
      if (first === undefined) return
      const [tenant, client] = first
      clients.delete(tenant)
      if (!client.takeTurn() && !client.busy) return
      clients.set(tenant, client)
    }
  }

  return {
    client(tenant) {
      const known = clients.get(tenant)
      known?.use(hour)
      calls += 1
      // Now and then, for a clock is not read for nothing: a pool of the same few tenants lets idle ones go, too.
      if (calls % callsPerLook === 0) letIdleGo()
      if (known !== undefined) return known
      const client = create(tenant)
      letIdleGo()
      makeRoom()
      clients.set(tenant, client)
      return client
    },
    async close() {
      for (const client of clients.values()) await client.close()
      clients.clear()
    },
    async [Symbol.asyncDispose]() {
      await this.close()
    },
  }
}
