import { createClient } from '@nightlatch/core'
import { standardEmulation, startEmulator } from '@nightlatch/testing'

// A local authorization server with an API. There is nothing to register.
const emulator = await startEmulator(standardEmulation())

const client = createClient(
  {
    name: 'acme',
    tokenEndpoint: emulator.tokenEndpoint,
    api: emulator.apiUrl,
  },
  { credentials: emulator.credentials },
)

console.log(await client.token()) // prints without the secret

const api = await client.api()
console.log(await api.get('orders/1').json())

await client.close()
await emulator.close()
