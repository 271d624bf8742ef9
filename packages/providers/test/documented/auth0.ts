import { auth0 } from '../../src/auth0.ts'
import { bearer, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: 'An audience is required.',
  provider: auth0({ domain: 'acme.eu.auth0.com' }),
  request: {
    method: 'POST',
    url: 'https://acme.eu.auth0.com/oauth/token',
    headers: { 'content-type': form },
    body: `${grant}&audience=https%3A%2F%2Facme.eu.auth0.com%2Fapi%2Fv2%2F&${posted}`,
  },
  answer: { body: { access_token: 'eyJz93a...k4laUWw', token_type: 'Bearer', expires_in: 86400 } },
  token: { value: 'eyJz93a...k4laUWw', lifetime: 86400 },
  api: { url: 'https://acme.eu.auth0.com/api/v2/users', headers: bearer('eyJz93a...k4laUWw') },
  otherPages: [
    'https://auth0.com/docs/secure/tokens/access-tokens/management-api-access-tokens/get-management-api-access-tokens-for-production',
  ],
}
