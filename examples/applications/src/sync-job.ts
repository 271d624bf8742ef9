/** A job that copies the data of many tenants, a few at a time. */
import { type ClientPool, NightlatchError } from '@nightlatch/core'
import pMap from 'p-map'

/** The result for one tenant. */
export interface Outcome {
  readonly tenant: string
  readonly pages: number
  /** Why it ended early; `undefined` if it did not. */
  readonly failure?: string
}

export interface SyncOptions {
  readonly tenants: readonly string[]
  /** The number of tenants at a time. */
  readonly concurrency: number
  readonly signal: AbortSignal
  /** Stores one page. */
  readonly write: (tenant: string, page: unknown) => Promise<void>
}

export async function syncTenants(
  pool: ClientPool<unknown>,
  options: SyncOptions,
): Promise<readonly Outcome[]> {
  const { tenants, concurrency } = options
  return await pMap(
    tenants,
    (tenant) => syncTenant(pool, tenant, options),
    { concurrency },
  )
}

async function syncTenant(
  pool: ClientPool<unknown>,
  tenant: string,
  { signal, write }: SyncOptions,
): Promise<Outcome> {
  let pages = 0
  try {
    for (
      let next: string | undefined = 'orders?page=1';
      next !== undefined;
    ) {
      signal.throwIfAborted()
      // Call the pool for each page, so that it knows the tenant is in use.
      const api = await pool.client(tenant).api({ signal })
      const page: { readonly next?: string } = await api
        .get(next, { signal })
        .json()
      await write(tenant, page)
      pages += 1
      next = page.next
    }
    return { tenant, pages }
  } catch (failure) {
    // Other errors are those of the API or of `write`.
    const why =
      failure instanceof NightlatchError
        ? failure.code
        : failure instanceof Error
          ? failure.name
          : 'unknown'
    return { tenant, pages, failure: why }
  }
}
