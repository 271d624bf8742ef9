import { auth0 } from '../../src/auth0.ts'
import { bearer, clientId, clientSecret, type DocumentedEndpoint } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'JSON body',
  odd: 'An audience is required.',
  provider: auth0({ domain: 'acme.eu.auth0.com' }),
  request: {
    method: 'POST',
    url: 'https://acme.eu.auth0.com/oauth/token',
    headers: { 'content-type': 'application/json' },
    body: {
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      audience: 'https://acme.eu.auth0.com/api/v2/',
    },
  },
  answer: { body: { access_token: 'eyJz93a...k4laUWw', token_type: 'Bearer', expires_in: 86400 } },
  token: { value: 'eyJz93a...k4laUWw', lifetime: 86400 },
  api: { url: 'https://acme.eu.auth0.com/api/v2/users', headers: bearer('eyJz93a...k4laUWw') },
}
