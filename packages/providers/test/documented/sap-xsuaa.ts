import { sapXsuaa } from '../../src/sap-xsuaa.ts'
import { basic, bearer, clientId, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, raw, with the client id in the form, too',
  odd: 'The subaccount has its own host. Client ids contain `!`, secrets end in `=`.',
  provider: sapXsuaa({ subdomain: 'oursubaccount', region: 'eu10', api: 'https://api.example.com' }),
  request: {
    method: 'POST',
    url: 'https://oursubaccount.authentication.eu10.hana.ondemand.com/oauth/token',
    headers: { authorization: basic, 'content-type': form },
    body: `${grant}&client_id=${clientId}`,
  },
  answer: {
    headers: { 'content-type': 'application/json;charset=UTF-8' },
    body: {
      access_token: 'eyJ***mh0d',
      token_type: 'bearer',
      expires_in: 43199,
      scope: 'uaa.re***.subscription.read',
      jti: 'df6cb84439a541fab33d5b7c298debe1',
    },
  },
  token: { value: 'eyJ***mh0d', lifetime: 43199, scopes: ['uaa.re***.subscription.read'] },
  api: { url: 'https://api.example.com/v1/things', headers: bearer('eyJ***mh0d') },
  otherPages: [
    'https://github.com/SAP-docs/btp-cloud-platform/blob/main/docs/30-development/getting-an-application-access-token-6391b5d.md',
    'https://sap-samples.github.io/cloud-for-utilities-foundation-samples/Extensibility/Access-Token',
  ],
}
