import { trimble } from '../../src/trimble.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, raw',
  odd: "The scope is the application's name.",
  provider: trimble({ application: 'acme-app', api: 'https://app.connect.trimble.com/tc/api' }),
  request: {
    method: 'POST',
    url: 'https://id.trimble.com/oauth/token',
    headers: { authorization: basic, 'content-type': form },
    body: `${grant}&scope=acme-app`,
  },
  answer: { body: { token_type: 'bearer', expires_in: 3600, access_token: 'eyJhbGciOiJ...LaHpfIpRAzHak' } },
  token: { value: 'eyJhbGciOiJ...LaHpfIpRAzHak', lifetime: 3600, scopes: ['acme-app'] },
  api: {
    url: 'https://app.connect.trimble.com/tc/api/2.0/regions',
    headers: bearer('eyJhbGciOiJ...LaHpfIpRAzHak'),
  },
}
