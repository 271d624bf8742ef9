import * as v from 'valibot'
import type { Credentials } from './acquire/credentials.ts'
import type { Provider } from './acquire/provider.ts'
import type { Client } from './client.ts'
import { labelOfTenant } from './client-label.ts'
import { type ClientOptions, checkClient, clientOptionsEntries } from './client-options.ts'
import { type ClientParts, createSharedParts } from './client-parts.ts'
import { withLabel } from './errors.ts'
import { exactObject, findMistakes, refuseMistakes } from './platform/validation.ts'
import { ProviderClient } from './provider-client.ts'

/** Clients of many tenants of one provider. */
export interface ClientPool<Info> extends AsyncDisposable {
  /**
   * Returns the tenant's client: the same one until it is evicted. A new one after that costs a grant, or a read of the store.
   *
   * @param tenant any name that is not empty; case matters
   * @throws NightlatchError `invalid_options` if the tenant is no name, or its provider is wrong
   */
  client(tenant: string): Client<Info>
  /** Closes and evicts every client. */
  close(): Promise<void>
}

/** Options of the clients of a pool. */
export interface ClientPoolOptions extends Omit<ClientOptions, 'credentials' | 'label'> {
  /** Reads a tenant's credentials; called when that tenant's token is first needed. */
  readonly credentials: (tenant: string) => Credentials | Promise<Credentials>
  /** Maximum number of clients at once, an integer of at least 1. Default 10,000. */
  readonly maxClients?: number
}

const defaultMaxClients = 10_000

const poolEntries = {
  credentials: v.function('must be a function of the tenant'),
  maxClients: v.optional(
    v.pipe(v.number('must be a number'), v.integer('must be an integer'), v.minValue(1, 'must be at least 1')),
  ),
}

/** What a pool has besides a client's options is checked first, because the other checks use it. */
const poolSchema = v.object(poolEntries)

const poolOptionsSchema = /* @__PURE__ */ (() =>
  exactObject(
    {
      ...clientOptionsEntries,
      ...poolEntries,
      label: v.optional(v.never('is set by the pool: it is the tenant')),
    },
    'must be an object',
  ))()

/**
 * Creates a pool of clients for many tenants of one provider. The number of clients is bounded. Tenants share only the store and
 * the transport.
 *
 * @param provider the provider of all tenants, or a function that returns the provider of one tenant
 * @param options the credentials of a tenant, and any options that differ from their defaults
 * @throws NightlatchError `invalid_options`; the message names every wrong option by its path
 * @example
 * ```ts
 * const pool = createClientPool(acme, { credentials: (tenant) => readSecret(`acme/${tenant}`) })
 * const response = await pool.client('tenant-7').fetch('https://api.acme.example/v2/orders')
 * ```
 */
export function createClientPool<Info>(
  provider: Provider<Info> | ((tenant: string) => Provider<Info>),
  options: ClientPoolOptions,
): ClientPool<Info> {
  refuseMistakes(findMistakes(poolSchema, options, 'options'), undefined)
  const { maxClients = defaultMaxClients, credentials, ...common } = options
  const checked = { ...options, credentials: () => credentials('') }
  const createParts = (described: Provider<Info>, own?: { readonly label: string }): ClientParts<Info> => {
    checkClient(described, checked, poolOptionsSchema)
    return createSharedParts(described, { ...common, ...own })
  }
  const partsOf = (): ((tenant: string, label: string) => ClientParts<Info>) => {
    if (typeof provider !== 'function') {
      const shared = createParts(provider)
      return () => shared
    }
    // Options do not depend on the tenant, so they are checked now, with a provider that is never used.
    checkClient({ name: 'pool', tokenEndpoint: 'https://pool.invalid', dpop: true }, checked, poolOptionsSchema)
    return (tenant, label) => {
      try {
        return createParts(provider(tenant), { label })
      } catch (failure) {
        throw withLabel(failure, label)
      }
    }
  }
  const findParts = partsOf()
  const clients = new Map<string, ProviderClient<Info>>()

  const create = (tenant: string): ProviderClient<Info> => {
    if (typeof tenant !== 'string' || tenant === '') {
      refuseMistakes(['tenant must be a name, not empty'], undefined)
    }
    const label = labelOfTenant(tenant)
    const own = findParts(tenant, label)
    return new ProviderClient(own, own.createReader(credentials, { tenant, label }))
  }

  /**
   * Evicts the first client that was not used since its last turn; a used one gets another turn. A client with a token request
   * in flight stays, because its tenant's next caller would start a second one.
   */
  const makeRoom = (): void => {
    if (clients.size < maxClients) return
    let turns = 2 * clients.size
    // A client that gets another turn is the last then, so the loop comes to it again.
    for (const [tenant, client] of clients) {
      clients.delete(tenant)
      if (!ProviderClient.wasUsedSinceLastTurn(client)) return
      clients.set(tenant, client)
      turns -= 1
      if (turns === 0) return
    }
  }

  return {
    client(tenant) {
      const known = clients.get(tenant)
      if (known !== undefined) {
        ProviderClient.markUsed(known)
        return known
      }
      const created = create(tenant)
      makeRoom()
      clients.set(tenant, created)
      return created
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
