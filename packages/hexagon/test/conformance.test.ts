import { clientSecretPost } from '@nightlatch/core'
import { type DocumentedRefusal, smartCompletionsEmulation, testProvider } from '@nightlatch/testing'
import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import { smartApi, smartCompletions } from '../src/index.ts'

const basic = {
  headers: { authorization: 'Basic {clientId}:{clientSecret}' },
  parameters: { grant_type: 'client_credentials', scope: 'ingr.api' },
}

const grant = {
  what: 'an answer as RFC 6749 has it',
  body: { token_type: 'Bearer', expires_in: 3600, access_token: 'eyJhbGciOiJSUzI1NiJ9', scope: 'ingr.api' },
  accessToken: 'eyJhbGciOiJSUzI1NiJ9',
  expiresIn: 3600,
  scopes: ['ingr.api'],
}

const refusals: readonly DocumentedRefusal[] = [
  {
    what: 'an unknown client, in the shape that Okta has for it',
    status: 401,
    body: { errorCode: 'invalid_client', errorSummary: "Invalid value for 'client_id' parameter.", errorCauses: [] },
    error: 'invalid_client',
    errorDescription: "Invalid value for 'client_id' parameter.",
  },
  {
    what: 'a scope that the installation does not have',
    status: 400,
    body: { error: 'invalid_scope', error_description: 'One or more scopes are not configured.' },
    error: 'invalid_scope',
    errorDescription: 'One or more scopes are not configured.',
  },
]

// The jitter of every wait before a retry: none of them takes any time.
beforeAll(() => void vi.spyOn(Math, 'random').mockReturnValue(0))
afterAll(() => void vi.restoreAllMocks())

describe.concurrent('smartCompletions', () => {
  testProvider({
    describe: describe.concurrent,
    it,
    emulation: smartCompletionsEmulation,
    provider: ({ host, authorizationServer }) => smartCompletions({ host, authorizationServer }),
    request: basic,
    grants: [grant],
    refusals,
  })
})

describe.concurrent('smartApi, found by its issuer, with the credentials in the form', () => {
  testProvider({
    describe: describe.concurrent,
    it,
    emulation: smartCompletionsEmulation,
    provider: ({ host, authorizationServer }) =>
      smartApi({
        apiUrl: `${host}/sc/datalake/v1/Instances`,
        issuer: authorizationServer,
        clientAuthentication: clientSecretPost(),
      }),
    discovers: 'issuer',
    request: {
      parameters: { ...basic.parameters, client_id: '{clientId}', client_secret: '{clientSecret}' },
    },
    grants: [grant],
    refusals,
  })
})
