/** Checks of `@nightlatch/hexagon` on every runtime. */
import { createClient } from '@nightlatch/core'
import { smartCompletions } from '@nightlatch/hexagon'
import { expectEqual, offered, type RuntimeCheck } from './runtime-check.ts'

export const checks: readonly RuntimeCheck[] = [
  {
    name: 'a token and a request of Smart Completions',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('smart-completions')
      const provider = smartCompletions({
        host: offered(emulator, 'host'),
        authorizationServer: offered(emulator, 'authorizationServer'),
      })
      const client = createClient(provider, { credentials: emulator.credentials, timeout: 60 })
      const api = await client.api()
      const { value } = await api.get('Instances(2)/Projects').json<{ value: readonly unknown[] }>()
      expectEqual(value.length, 3, 'projects')
      await client.close()
    },
  },
]
