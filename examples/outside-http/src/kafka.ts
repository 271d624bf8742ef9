/**
 * Kafka: kafkajs requests a token for each connection, and again before a
 * session ends.
 */
import type { Client } from '@nightlatch/core'
import type { SASLOptions } from 'kafkajs'

/**
 * The broker closes a connection when its token expires, so a token with
 * less than this is not worth a connection.
 */
const minimumLifetime = 60

/** The `sasl` option of a Kafka client. */
export function kafkaSasl(client: Client): SASLOptions {
  return {
    mechanism: 'oauthbearer',
    oauthBearerProvider: async () => ({
      value: (await client.token({ minimumLifetime })).value,
    }),
  }
}
