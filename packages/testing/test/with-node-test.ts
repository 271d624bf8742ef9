/** Run by node:test itself, from test-provider.test.ts. */
import { describe, it } from 'node:test'
import { standardEmulation, testProvider } from '../src/index.ts'

// The jitter of every wait before a retry: none of them takes any time.
Math.random = () => 0

testProvider({
  describe: (name, body) => describe(name, { concurrency: true }, body),
  it,
  emulation: standardEmulation,
  provider: ({ tokenEndpoint, apiUrl }) => ({ name: 'acme', tokenEndpoint, api: apiUrl, scopes: ['read'] }),
  request: { parameters: { grant_type: 'client_credentials', scope: 'read' } },
  grants: [
    { what: 'a grant', body: { access_token: 'abc', expires_in: 600 }, accessToken: 'abc', expiresIn: 600 },
    { what: 'another', body: { accessToken: 'abc', expiresIn: 600 }, accessToken: 'abc', expiresIn: 600 },
  ],
  refusals: [
    { what: 'a refusal', status: 400, body: { error: 'invalid_scope' }, error: 'invalid_scope' },
    { what: 'an outage', status: 503, code: 'endpoint_unavailable', error: undefined },
  ],
})
