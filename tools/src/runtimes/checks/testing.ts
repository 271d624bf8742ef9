/** Checks of `@nightlatch/testing`, for runtimes that can start a server. */
import { createClient } from '@nightlatch/core'
import { smartCompletions } from '@nightlatch/hexagon'
import { prevu3d } from '@nightlatch/prevu3d'
import { createClock, prevu3dEmulation, smartCompletionsEmulation, startEmulator } from '@nightlatch/testing'
import { expectEqual, type RuntimeCheck } from './runtime-check.ts'

export const checks: readonly RuntimeCheck[] = [
  {
    name: 'the emulated Prevu3D works, with faults and a clock',
    async run() {
      const clock = createClock()
      const emulator = await startEmulator(prevu3dEmulation({ now: clock.now }))
      try {
        const { credentials, url: cloudApiUrl } = emulator
        const client = createClient(prevu3d({ cloudApiUrl }), { credentials, now: clock.now, timeout: 60 })
        const { organization } = await client.info()
        const api = await client.api()
        emulator.faults.set('api', { name: 'revoked' }, { times: 1 })
        await api.get(`v1/nodes/${organization.id}/browse`).json()
        clock.advance(3601)
        await api.get(`v1/nodes/${organization.id}/browse`).json()
        const parts = emulator.requests.map(({ part }) => part)
        expectEqual(parts, ['token', 'discovery', 'api', 'token', 'api', 'token', 'api'], 'the requests')
        await client.close()
      } finally {
        await emulator.close()
      }
    },
  },
  {
    name: 'the emulated Smart Completions works',
    async run() {
      const emulator = await startEmulator(smartCompletionsEmulation())
      try {
        const { host, authorizationServer, credentials } = emulator
        const client = createClient(smartCompletions({ host, authorizationServer }), { credentials, timeout: 60 })
        const { value } = await (await client.api()).get('Instances(2)/Projects').json<{ value: readonly unknown[] }>()
        expectEqual(value.length, 3, 'projects')
        await client.close()
      } finally {
        await emulator.close()
      }
    },
  },
]
