import { prevu3dEmulation, testProvider } from '@nightlatch/testing'
import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import { prevu3d } from '../src/index.ts'

// The jitter of every wait before a retry: none of them takes any time.
beforeAll(() => void vi.spyOn(Math, 'random').mockReturnValue(0))
afterAll(() => void vi.restoreAllMocks())

testProvider({
  describe: describe.concurrent,
  it,
  emulation: () => prevu3dEmulation({ separateRegion: true }),
  provider: ({ url, apiOrigins }) => prevu3d({ cloudApiUrl: url, apiOrigins }),
  apiUrl: ({ apiUrl, organization }) => `${apiUrl}/v1/nodes/${organization.id}/browse`,
  discovers: 'api',
  request: {
    headers: { authorization: 'Basic {clientId}:{clientSecret}' },
    parameters: { grant_type: 'client_credentials' },
  },
  grants: [
    {
      what: 'the sample of the newer page',
      body: { hasError: false, expiresIn: 3600, accessToken: 'eyJhbGciOiJFUzUxMiJ9' },
      accessToken: 'eyJhbGciOiJFUzUxMiJ9',
      expiresIn: 3600,
    },
    {
      what: 'the negative lifetime of the older page',
      body: { hasError: false, expiresIn: -1752054750, accessToken: 'eyJhbGciOiJFUzUxMiJ9' },
      accessToken: 'eyJhbGciOiJFUzUxMiJ9',
      expiresIn: undefined,
    },
  ],
  refusals: [
    { what: '401 for a wrong id or secret', status: 401, body: { hasError: true }, error: undefined },
    { what: 'the flag alone, with status 200', status: 200, body: { hasError: true }, error: undefined },
  ],
})
