/**
 * PostgreSQL: the token is the password of each new connection. An open
 * connection outlives its token.
 */
import type { Client } from '@nightlatch/core'
import type { PoolConfig } from 'pg'

/**
 * A connection that takes long to open must not arrive with an expired
 * token.
 */
const minimumLifetime = 30

/** The `password` option of a pool or a client. */
export function postgresPassword(
  client: Client,
): NonNullable<PoolConfig['password']> {
  return async () => (await client.token({ minimumLifetime })).value
}
