import { stytch } from '../../src/stytch.ts'
import { bearer, clientId, clientSecret, type DocumentedEndpoint } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'JSON body',
  odd: 'The project has its own token endpoint.',
  provider: stytch({ host: 'test.stytch.com', projectId: 'PROJECT_ID', api: 'https://api.example.com' }),
  request: {
    method: 'POST',
    url: 'https://test.stytch.com/v1/public/PROJECT_ID/oauth2/token',
    headers: { 'content-type': 'application/json' },
    body: { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret },
  },
  answer: {
    body: {
      status_code: 200,
      request_id: 'request-id-test-b05c992f-ebdc-489d-a754-c7e70ba13141',
      access_token: 'eyJ...',
      token_type: 'bearer',
      expires_in: 3600,
    },
  },
  token: { value: 'eyJ...', lifetime: 3600 },
  api: { url: 'https://api.example.com/orders', headers: bearer('eyJ...') },
}
