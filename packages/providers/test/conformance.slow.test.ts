import type { Provider } from '@nightlatch/core'
import {
  type ProviderSuite,
  type StandardEmulator,
  type StandardOffers,
  standardEmulation,
  testProvider,
} from '@nightlatch/testing'
import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import { emulationOf } from './emulated-endpoint.ts'
import { endpoints } from './endpoints.ts'

// The jitter of every wait before a retry: none of them takes any time.
beforeAll(() => void vi.spyOn(Math, 'random').mockReturnValue(0))
afterAll(() => void vi.restoreAllMocks())

for (const endpoint of endpoints) {
  const { name, title, answer, token, refusal, api } = endpoint
  const hasApi = api !== undefined
  const suite: ProviderSuite<StandardOffers, unknown> = {
    describe: describe.concurrent,
    it,
    emulation: () => standardEmulation(emulationOf(endpoint)),
    provider: ({ tokenEndpoint, apiUrl }: StandardEmulator): Provider => ({
      ...endpoint.provider,
      tokenEndpoint,
      ...(hasApi && { api: apiUrl }),
    }),
    ...(!hasApi && { apiUrl: null }),
    grants: [
      {
        what: 'the documented response',
        ...answer,
        accessToken: token.value,
        expiresIn: token.lifetime,
        // When the responses that contain an instant were sent.
        givenAt: new Date('2018-01-15T21:14:05Z'),
      },
    ],
    refusals: refusal === undefined ? [] : [{ what: 'the documented one', status: 200, ...refusal }],
  }
  describe.concurrent(`${name}: ${title}`, () => testProvider(suite))
}
