/**
 * MQTT: the token is the password, and each reconnection gets a fresh one.
 */
import type { Client } from '@nightlatch/core'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'

/**
 * A broker closes the connection when the token expires, so a token with
 * less than this is not worth a connection.
 */
const minimumLifetime = 60

/**
 * Connects to a broker. MQTT.js reads its options again for each
 * reconnection, but waits for nothing, so the token for the next connection
 * is requested when the current one closes.
 */
export async function connectMqtt(
  client: Client,
  url: string,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const { value } = await client.token({ minimumLifetime })
  const connection = await connectAsync(url, {
    username: 'token',
    ...options,
    password: value,
  })
  connection.on('close', () => {
    client.token({ minimumLifetime }).then(
      (next) => {
        connection.options.password = next.value
      },
      // MQTT.js reconnects with the old token, which the broker rejects.
      // Then this listener requests a token again.
      () => {},
    )
  })
  return connection
}
