/** Checks of `@nightlatch/undici`, for runtimes that support undici. */
import { createClient, NightlatchError } from '@nightlatch/core'
import { nightlatchInterceptor } from '@nightlatch/undici'
import { Agent, request } from 'undici'
import { expect, expectEqual, failureOf, offered, type RuntimeCheck } from './runtime-check.ts'

export const checks: readonly RuntimeCheck[] = [
  {
    name: 'undici’s requests carry the token, and replace a rejected one',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const provider = {
        name: 'acme',
        tokenEndpoint: offered(emulator, 'tokenEndpoint'),
        api: offered(emulator, 'apiUrl'),
      }
      const client = createClient(provider, { credentials: emulator.credentials, timeout: 60 })
      const agent = new Agent()
      const dispatcher = agent.compose(nightlatchInterceptor(client))
      await client.token()
      await emulator.fault('api', { name: 'revoked' })
      const { statusCode, body } = await request(`${offered(emulator, 'apiUrl')}/orders`, { dispatcher })
      const echo = (await body.json()) as { authorized: boolean }
      expectEqual([statusCode, echo.authorized], [200, true], 'the answer')
      expectEqual((await emulator.requests('token')).length, 2, 'requests for a token')

      const error = await failureOf(request(offered(emulator, 'elsewhereUrl'), { dispatcher }), 'another origin')
      expect(error instanceof NightlatchError && error.code === 'origin_refused', 'origin_refused')
      await client.close()
      await agent.close()
    },
  },
]
