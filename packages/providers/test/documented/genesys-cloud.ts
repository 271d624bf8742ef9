import { genesysCloud } from '../../src/genesys-cloud.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, raw',
  odd: 'Each region has its own domain.',
  provider: genesysCloud({ domain: 'mypurecloud.com' }),
  request: {
    method: 'POST',
    url: 'https://login.mypurecloud.com/oauth/token',
    headers: { authorization: basic, 'content-type': form },
    body: grant,
  },
  // The vendor's page lacks the sample response: this one has the fields that the vendor's client reads, and an
  // invented lifetime.
  answer: { body: { access_token: '2YotnFZFEjr1zCsicMWpAA', token_type: 'bearer', expires_in: 86400 } },
  token: { value: '2YotnFZFEjr1zCsicMWpAA', lifetime: 86400 },
  api: {
    url: 'https://api.mypurecloud.com/api/v2/authorization/permissions',
    headers: bearer('2YotnFZFEjr1zCsicMWpAA'),
  },
  otherPages: [
    'https://github.com/MyPureCloud/platform-client-sdk-javascript/blob/master/build/README.md',
    'https://github.com/MyPureCloud/platform-client-sdk-javascript/blob/master/build/src/purecloud-platform-client-v2/ApiClient.js',
  ],
}
