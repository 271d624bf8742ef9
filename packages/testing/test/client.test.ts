import { createClient } from '@nightlatch/core'
import { expect, it } from 'vitest'
import { createClock, standardEmulation, startEmulator } from '../src/index.ts'

it('serves a client that shares its clock', async () => {
  const clock = createClock()
  await using emulator = await startEmulator(standardEmulation({ now: clock.now, lifetime: 3600 }))
  const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint, api: emulator.apiUrl }
  await using client = createClient(acme, { credentials: emulator.credentials, now: clock.now })
  const api = await client.api()

  await api.get('before')
  clock.advance(3601)
  await api.get('after')
  expect(emulator.requests.map(({ path }) => path)).toEqual(['/token', '/api/before', '/token', '/api/after'])
})

it('rejects the token of a client', async () => {
  await using emulator = await startEmulator(standardEmulation())
  const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint, api: emulator.apiUrl }
  await using client = createClient(acme, { credentials: emulator.credentials })
  await client.token()

  emulator.faults.set('api', { name: 'revoked' })
  expect((await client.fetch(emulator.apiUrl)).status).toBe(200)
  expect(emulator.requests.map(({ part }) => part)).toEqual(['token', 'api', 'token', 'api'])
})
