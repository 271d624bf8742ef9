import { createClient } from '@nightlatch/core'
import { prevu3dEmulation, startEmulator } from '@nightlatch/testing'
import { expect, it } from 'vitest'
import { prevu3d } from '../src/index.ts'

it('P2: the HTTPError of a 403 carries the three layers, as the guide prints them', async () => {
  await using emulator = await startEmulator(prevu3dEmulation({ role: false }))
  const provider = prevu3d({ cloudApiUrl: emulator.url, apiOrigins: emulator.apiOrigins })
  await using client = createClient(provider, { credentials: emulator.credentials })
  const { organization } = await client.info()
  const printed: string[] = []
  try {
    const api = await client.api()
    await api.get(`v1/nodes/${organization.id}/browse`).json()
  } catch (error) {
    if (!(error instanceof Error && 'hints' in error && Array.isArray(error.hints))) throw error
    printed.push(error.message, ...error.hints)
  }
  expect(printed[0]).toContain('403')
  for (const layer of ['Layer 1', 'Layer 2', 'Layer 3']) expect(printed.join('\n')).toContain(layer)
})
