import { zoom } from '../../src/zoom.ts'
import { basic, bearer, type DocumentedEndpoint, form } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, raw',
  odd: 'The grant type is `account_credentials`, with the account id.',
  provider: zoom({ accountId: 'D8cJuqWVQ623CI4Q8yQK0Q' }),
  request: {
    method: 'POST',
    url: 'https://zoom.us/oauth/token',
    headers: { authorization: basic, 'content-type': form },
    body: 'grant_type=account_credentials&account_id=D8cJuqWVQ623CI4Q8yQK0Q',
  },
  // The vendor's page lacks the sample response, except its lifetime: this one comes from published clients.
  answer: {
    body: {
      access_token: 'eyJhbGciOiJIUzI1NiJ9...',
      token_type: 'bearer',
      expires_in: 3600,
      scope: 'meeting:read meeting:write user:read',
    },
  },
  token: {
    value: 'eyJhbGciOiJIUzI1NiJ9...',
    lifetime: 3600,
    scopes: ['meeting:read', 'meeting:write', 'user:read'],
  },
  api: { url: 'https://api.zoom.us/v2/users/me', headers: bearer('eyJhbGciOiJIUzI1NiJ9...') },
  otherPages: ['https://developers.zoom.us/docs/rooms/s2s-oauth/'],
}
