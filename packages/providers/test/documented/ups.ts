import { ups } from '../../src/ups.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, raw',
  odd: 'The account number is in a header. Numbers are strings. Errors are a list in `response`.',
  provider: ups({ accountNumber: 'A1B2C3' }),
  request: {
    method: 'POST',
    url: 'https://onlinetools.ups.com/security/v1/oauth/token',
    headers: { authorization: basic, 'content-type': form, 'x-merchant-id': 'A1B2C3' },
    body: grant,
  },
  answer: {
    body: {
      token_type: 'Bearer',
      issued_at: '1706710921672',
      client_id: 'client_id',
      access_token: 'access_token',
      expires_in: '14399',
      status: 'approved',
    },
  },
  token: { value: 'access_token', lifetime: 14399 },
  api: { url: 'https://onlinetools.ups.com/api/track/v1/details/1Z', headers: bearer('access_token') },
  refusal: {
    status: 401,
    body: { response: { errors: [{ code: 'invalid_grant', message: 'Client authentication failed' }] } },
    error: 'invalid_grant',
    errorDescription: 'Client authentication failed',
  },
  otherPages: ['https://developers.qodex.ai/ups-apis/ups-oauthclientcredentials/create-access-token-1'],
}
