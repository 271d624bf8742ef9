import { procore } from '../../src/procore.ts'
import { bearer, clientId, clientSecret, type DocumentedEndpoint } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'JSON body',
  odd: 'For several regions, a header names the company.',
  provider: procore({ companyId: '7656' }),
  request: {
    method: 'POST',
    url: 'https://login.procore.com/oauth/token',
    headers: { 'content-type': 'application/json' },
    body: { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret },
  },
  answer: {
    body: {
      access_token: 'eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzUxMiJ9xeyJhaWQiOiIwY2I3ZDc1...',
      token_type: 'bearer',
      expires_in: 5400,
      created_at: 1511289006,
    },
  },
  token: { value: 'eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzUxMiJ9xeyJhaWQiOiIwY2I3ZDc1...', lifetime: 5400 },
  api: {
    url: 'https://api.procore.com/rest/v1.0/projects?company_id=7656',
    headers: {
      ...bearer('eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzUxMiJ9xeyJhaWQiOiIwY2I3ZDc1...'),
      'procore-company-id': '7656',
    },
  },
}
