/** Opens many tenants of one peer. */
import type { Peer, Pool, Session, Settings } from './peer.ts'

/**
 * Returns the peer's pool, or a `Map` of its sessions, with a token for each tenant; `undefined` if it supports neither.
 *
 * @param settings should stub the network, because there are many tenants
 */
export async function openPool(peer: Peer, settings: Settings, tenants: readonly string[]): Promise<Pool | undefined> {
  if (!peer.caches) return undefined
  const pool = (await peer.openPool?.(settings, tenants.length)) ?? (await mapOfSessions(peer, settings, tenants))
  if (pool === undefined) return undefined
  for (let from = 0; from < tenants.length; from += 100) await Promise.all(tenants.slice(from, from + 100).map(pool))
  return pool
}

async function mapOfSessions(peer: Peer, settings: Settings, tenants: readonly string[]): Promise<Pool | undefined> {
  const sessions = new Map<string, Session>()
  for (const tenant of tenants) {
    const session = await peer.open({ ...settings, clientId: tenant })
    if (session.token === undefined) return undefined
    sessions.set(tenant, session)
  }
  const fail = (): Promise<never> => Promise.reject(new TypeError('Unknown tenant.'))
  return (tenant) => sessions.get(tenant)?.token?.() ?? fail()
}
