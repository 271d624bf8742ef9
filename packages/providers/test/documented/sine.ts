import { sine } from '../../src/sine.ts'
import { bearer, clientId, clientSecret, type DocumentedEndpoint } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'JSON body',
  odd: 'None.',
  provider: sine(),
  request: {
    method: 'POST',
    url: 'https://api.forge.connected.honeywell.com/sine/oauth2/token',
    headers: { 'content-type': 'application/json' },
    body: { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret },
  },
  answer: { body: { token_type: 'bearer', access_token: 'yourAccessToken', expires_in: 7200 } },
  token: { value: 'yourAccessToken', lifetime: 7200 },
  api: { url: 'https://api.forge.connected.honeywell.com/sine/v1/sites', headers: bearer('yourAccessToken') },
  otherPages: ['https://developer.sine.co/docs/example-request'],
}
