/**
 * AMQP 0-9-1: RabbitMQ closes a connection when its token expires, unless
 * it gets the next token in time.
 */
import type { Client } from '@nightlatch/core'
import { type ChannelModel, connect } from 'amqplib'

/** Seconds before a token expires at which the broker gets the next. */
const renewBefore = 30

/** At least so many milliseconds between two renewals of short tokens. */
const minimumWait = 1000

/**
 * A connection with a token that is renewed until the connection closes.
 */
export interface RenewedConnection {
  readonly connection: ChannelModel
  /** The token's last renewal; rejects if one failed. */
  renew(): Promise<void>
}

/**
 * Opens a connection, and renews its token.
 *
 * @param url of the broker, without credentials
 * @param onFailure called if a token cannot be renewed; the broker closes
 *   the connection then
 */
export async function connectAmqp(
  client: Client,
  url: string,
  onFailure: (failure: unknown) => void,
): Promise<RenewedConnection> {
  let token = await client.token({ minimumLifetime: renewBefore })
  const address = new URL(url)
  address.username = 'token'
  address.password = encodeURIComponent(token.value)
  const connection = await connect(address.href)
  let timer: NodeJS.Timeout | undefined
  let isOpen = true
  const schedule = (): void => {
    clearTimeout(timer)
    if (token.expiresAt === undefined || !isOpen) return
    const wait = Math.max(
      minimumWait,
      token.expiresAt.getTime() - Date.now() - renewBefore * 1000,
    )
    timer = setTimeout(() => void renew().catch(onFailure), wait)
    timer.unref()
  }
  const renew = async (): Promise<void> => {
    try {
      token = await client.token({ minimumLifetime: renewBefore })
      await connection.updateSecret(
        Buffer.from(token.value),
        'the token expires',
      )
    } finally {
      // After a failure, too, for as long as the connection is open.
      schedule()
    }
  }
  connection.on('close', () => {
    isOpen = false
    clearTimeout(timer)
  })
  schedule()
  return { connection, renew }
}
