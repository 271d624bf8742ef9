import { Readable } from 'node:stream'
import { createClient } from '@nightlatch/core'
import { type StandardEmulator, standardEmulation, startEmulator } from '@nightlatch/testing'
import type { Got } from 'got'
import { expect, it } from 'vitest'
import { createGot } from '../src/got.ts'

function gotOf(emulator: StandardEmulator): Got {
  const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint, api: emulator.apiUrl }
  return createGot(createClient(acme, { credentials: emulator.credentials }), emulator.apiUrl)
}

it('H3: a stream is not sent again', async () => {
  await using emulator = await startEmulator(standardEmulation())
  emulator.faults.set('api', { name: 'answer', answer: { status: 401 } })
  const failure = gotOf(emulator).post('orders', { body: Readable.from(['a lamp']) })
  await expect(failure).rejects.toMatchObject({ name: 'HTTPError' })
  expect(emulator.requests.filter(({ part }) => part === 'api')).toHaveLength(1)
})

it("a try of got's own, after a refused token, brings the token of that time", async () => {
  await using emulator = await startEmulator(standardEmulation())
  const api = gotOf(emulator)
  await api.get('first')
  emulator.faults.set('api', { name: 'revoked' }, { times: 1 })
  emulator.faults.add('api', { name: 'error', status: 503 }, { times: 1 })
  await api.get('second', { retry: { backoffLimit: 10 } })
  expect(emulator.requests.map(({ part }) => part)).toEqual(['token', 'api', 'api', 'token', 'api', 'api'])
  expect(emulator.requests.at(-1)?.headers.has('authorization')).toBe(true)
})

it("H6: a caller's own authorization wins", async () => {
  await using emulator = await startEmulator(standardEmulation())
  const own = await emulator.issueToken()
  await gotOf(emulator).get('orders', { headers: { authorization: `Bearer ${own}` } })
  expect(emulator.requests.map(({ part }) => part)).toEqual(['api'])
  expect(emulator.requests[0]?.headers.get('authorization') === `Bearer ${own}`).toBe(true)
})

it('a token bound to a key comes with a proof of each address on the way', async () => {
  await using emulator = await startEmulator(standardEmulation({ extraFields: { token_type: 'DPoP' } }))
  const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint, api: emulator.apiUrl, dpop: true }
  const api = createGot(createClient(acme, { credentials: emulator.credentials }), emulator.apiUrl)
  const there = `${emulator.apiUrl}/there`
  emulator.faults.set('api', { name: 'redirect', to: there }, { times: 1 })
  emulator.faults.add('api', { name: 'answer', answer: { body: {} } })
  await api.get('here')
  const proofs = emulator.requests.filter(({ part }) => part === 'api').map(({ headers }) => headers.get('dpop') ?? '')
  const addresses = proofs.map((proof) => JSON.parse(`${Buffer.from(proof.split('.')[1] ?? '', 'base64url')}`).htu)
  expect(addresses).toEqual([`${emulator.apiUrl}/here`, there])
})
