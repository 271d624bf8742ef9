import { paloAltoSase } from '../../src/palo-alto-sase.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, raw',
  odd: 'The scope names the tenant service group. Tokens live for 15 minutes. Some services require `X-PANW-Region`, others reject it.',
  provider: paloAltoSase({ tsgId: '1838006364' }),
  request: {
    method: 'POST',
    url: 'https://auth.apps.paloaltonetworks.com/oauth2/access_token',
    headers: { authorization: basic, 'content-type': form },
    body: `${grant}&scope=tsg_id%3A1838006364`,
  },
  // The vendor's page lacks the response: this one has the fields of RFC 6749 and the documented lifetime.
  answer: { body: { access_token: 'eyJhbGciOiJSUzI1NiJ9.e30.cGE', token_type: 'Bearer', expires_in: 899 } },
  token: { value: 'eyJhbGciOiJSUzI1NiJ9.e30.cGE', lifetime: 899, scopes: ['tsg_id:1838006364'] },
  api: {
    url: 'https://api.sase.paloaltonetworks.com/v1/location-informations',
    headers: bearer('eyJhbGciOiJSUzI1NiJ9.e30.cGE'),
  },
  otherPages: ['https://pan.dev/sase/docs/api-call/', 'https://pan.dev/sase/api/api-workflow'],
}
