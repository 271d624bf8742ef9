import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { createClient } from '@nightlatch/core'
import { type StandardEmulator, standardEmulation, startEmulator } from '@nightlatch/testing'
import type { AxiosInstance } from 'axios'
import { expect, it } from 'vitest'
import { createAxios } from '../src/axios-adapter.ts'

function axiosOf(emulator: StandardEmulator): AxiosInstance {
  const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint, api: emulator.apiUrl }
  return createAxios(createClient(acme, { credentials: emulator.credentials }), emulator.apiUrl)
}

it('H3: a stream is not sent again', async () => {
  await using emulator = await startEmulator(standardEmulation())
  const api = axiosOf(emulator)
  emulator.faults.set('api', { name: 'answer', answer: { status: 401 } })
  await expect(api.post('orders', Readable.from(['a lamp']))).rejects.toMatchObject({ status: 401 })
  expect(emulator.requests.filter(({ part }) => part === 'api')).toHaveLength(1)
})

it("H6: a caller's own authorization wins", async () => {
  await using emulator = await startEmulator(standardEmulation())
  const api = axiosOf(emulator)
  const own = await emulator.issueToken()
  await api.get('orders', { headers: { authorization: `Bearer ${own}` } })
  expect(emulator.requests.map(({ part }) => part)).toEqual(['api'])
  expect(emulator.requests[0]?.headers.get('authorization') === `Bearer ${own}`).toBe(true)
})

it('asks for the URL that axios would ask for, parameters once', async () => {
  await using emulator = await startEmulator(standardEmulation())
  await axiosOf(emulator).get('/orders', { params: { page: 2, only: ['a', 'b'] } })
  const [request] = emulator.requests.filter(({ part }) => part === 'api')
  expect(`${request?.path}?${request?.query}`).toBe('/api/orders?page=2&only%5B%5D=a&only%5B%5D=b')
})

it('X1: an answer holds no token either', async () => {
  await using emulator = await startEmulator(standardEmulation())
  const answer = await axiosOf(emulator).get('orders')
  expect(answer.data).toMatchObject({ authorized: true })
  const shown = inspect(answer, { depth: Number.POSITIVE_INFINITY, showHidden: true })
  expect(/Bearer /.test(shown)).toBe(false)
})
