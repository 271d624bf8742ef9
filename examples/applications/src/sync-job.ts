/**
 * A job that copies what many tenants have, for hours: a few tenants at a time, each with credentials of its own; one that
 * fails does not end the others, and a stop is obeyed between two pages.
 */
import { type ClientPool, NightlatchError } from '@nightlatch/core'
import pMap from 'p-map'

/** What came of one tenant. */
export interface Outcome {
  readonly tenant: string
  readonly pages: number
  /** Why it ended early; `undefined`: it did not. */
  readonly failure?: string
}

export interface SyncOptions {
  readonly tenants: readonly string[]
  /** How many at a time. */
  readonly concurrency: number
  readonly signal: AbortSignal
  /** Takes a page where it belongs. */
  readonly write: (tenant: string, page: unknown) => Promise<void>
}

export async function syncTenants(pool: ClientPool<unknown>, options: SyncOptions): Promise<readonly Outcome[]> {
  const { tenants, concurrency } = options
  return await pMap(tenants, (tenant) => syncTenant(pool, tenant, options), { concurrency })
}

async function syncTenant(pool: ClientPool<unknown>, tenant: string, { signal, write }: SyncOptions): Promise<Outcome> {
  let pages = 0
  try {
    for (let next: string | undefined = 'orders?page=1'; next !== undefined; ) {
      signal.throwIfAborted()
      // Asked for at each page: the token may have ended since, and the pool knows whether the tenant is still in use.
      const api = await pool.client(tenant).api({ signal })
      const page: { readonly next?: string } = await api.get(next, { signal }).json()
      await write(tenant, page)
      pages += 1
      next = page.next
    }
    return { tenant, pages }
  } catch (failure) {
    // A NightlatchError names what is wrong in a word; other errors are the API's or our own.
    const why = failure instanceof NightlatchError ? failure.code : failure instanceof Error ? failure.name : 'unknown'
    return { tenant, pages, failure: why }
  }
}
