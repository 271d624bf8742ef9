import { autodesk } from '../../src/autodesk.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, raw',
  odd: 'Credentials in header and body together get 400.',
  provider: autodesk(),
  request: {
    method: 'POST',
    url: 'https://developer.api.autodesk.com/authentication/v2/token',
    headers: { authorization: basic, 'content-type': form },
    body: `${grant}&scope=data%3Aread`,
  },
  answer: {
    body: { token_type: 'Bearer', expires_in: 1799, access_token: 'eyJhbGciOiJIUzI1NiIsImtpZCI6.eyJj.uzNexX' },
  },
  token: { value: 'eyJhbGciOiJIUzI1NiIsImtpZCI6.eyJj.uzNexX', lifetime: 1799, scopes: ['data:read'] },
  api: {
    url: 'https://developer.api.autodesk.com/oss/v2/buckets',
    headers: bearer('eyJhbGciOiJIUzI1NiIsImtpZCI6.eyJj.uzNexX'),
  },
  otherPages: [
    'https://aps.autodesk.com/en/docs/oauth/v2/reference/http/gettoken-POST',
    'https://aps.autodesk.com/en/docs/oauth/v1/tutorials/http/get-2-legged-token',
  ],
}
