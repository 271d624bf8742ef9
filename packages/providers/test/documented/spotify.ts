import { spotify } from '../../src/spotify.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, raw',
  odd: 'The token works only for endpoints that return no user information.',
  provider: spotify(),
  request: {
    method: 'POST',
    url: 'https://accounts.spotify.com/api/token',
    headers: { authorization: basic, 'content-type': form },
    body: grant,
  },
  // The vendor's page lacks the sample response: this one has the documented fields and the lifetime of one hour.
  answer: { body: { access_token: 'NgCXRKMzYjw', token_type: 'Bearer', expires_in: 3600 } },
  token: { value: 'NgCXRKMzYjw', lifetime: 3600 },
  api: { url: 'https://api.spotify.com/v1/tracks/2TpxZ7JUBn3uw46aR7qd6V', headers: bearer('NgCXRKMzYjw') },
  otherPages: [
    'https://developer.spotify.com/documentation/web-api/concepts/access-token',
    'https://developer.spotify.com/documentation/web-api/concepts/api-calls',
  ],
}
