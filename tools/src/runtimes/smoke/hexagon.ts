/** What `@nightlatch/hexagon` must do on every runtime. */
import { createClient } from '@nightlatch/core'
import { smartCompletions } from '@nightlatch/hexagon'
import { expectEqual, offered, type SmokeCheck } from './smoke-check.ts'

export const checks: readonly SmokeCheck[] = [
  {
    name: 'token and a call of Smart Completions',
    async run(desk) {
      const emulator = await desk.emulator('smart-completions')
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
