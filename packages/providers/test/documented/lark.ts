import { lark } from '../../src/lark.ts'
import { bearer, clientId, clientSecret, type DocumentedEndpoint } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'JSON body, as `app_id` and `app_secret`',
  odd: 'No grant type. Every field has its own name. A `code` other than 0 is an error. Until its last 30 minutes, requests return the same token.',
  provider: lark(),
  request: {
    method: 'POST',
    url: 'https://open.larksuite.com/open-apis/auth/v3/tenant_access_token/internal',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: { app_id: clientId, app_secret: clientSecret },
  },
  // The vendor's page lacks the error code in the test.
  answer: {
    body: { code: 0, msg: 'ok', tenant_access_token: 't-caecc734c2e3328a62489fe0648c4b98779515d3', expire: 7200 },
  },
  token: { value: 't-caecc734c2e3328a62489fe0648c4b98779515d3', lifetime: 7200 },
  api: {
    url: 'https://open.larksuite.com/open-apis/contact/v3/users/me',
    headers: bearer('t-caecc734c2e3328a62489fe0648c4b98779515d3'),
  },
  refusal: { body: { code: 10003, msg: 'invalid param' }, error: '10003', errorDescription: 'invalid param' },
  otherPages: ['https://github.com/larksuite/node-sdk/blob/main/utils/format-domain.ts'],
}
