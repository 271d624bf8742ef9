/** Checks of `@nightlatch/prevu3d` on every runtime. */
import { createClient } from '@nightlatch/core'
import { prevu3d } from '@nightlatch/prevu3d'
import { expectEqual, offered, type RuntimeCheck } from './runtime-check.ts'

export const checks: readonly RuntimeCheck[] = [
  {
    name: 'a token, discovery and a request of Prevu3D',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('prevu3d')
      const provider = prevu3d({ cloudApiUrl: offered(emulator, 'url') })
      const client = createClient(provider, { credentials: emulator.credentials, timeout: 60 })
      const { organization } = await client.info()
      const api = await client.api()
      const divisions = await api.get(`v1/nodes/${organization.id}/browse`).json<readonly unknown[]>()
      expectEqual(divisions.length, 2, 'divisions')
      expectEqual(
        (await emulator.requests()).map(({ part }) => part),
        ['token', 'discovery', 'api'],
        'the requests',
      )
      await client.close()
    },
  },
]
