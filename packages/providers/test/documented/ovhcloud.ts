import { ovhcloud } from '../../src/ovhcloud.ts'
import { bearer, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: 'The scope is always `all`: policies restrict the service account. The page shows the API’s header without "Bearer".',
  provider: ovhcloud(),
  request: {
    method: 'POST',
    url: 'https://www.ovh.com/auth/oauth2/token',
    headers: { 'content-type': form },
    body: `${grant}&scope=all&${posted}`,
  },
  answer: { body: { access_token: 'your-api-token', token_type: 'Bearer', expires_in: 3599, scope: 'all' } },
  token: { value: 'your-api-token', lifetime: 3599, scopes: ['all'] },
  api: { url: 'https://eu.api.ovh.com/v1/hosting/web', headers: bearer('your-api-token') },
}
