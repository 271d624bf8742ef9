import { crowdstrike } from '../../src/crowdstrike.ts'
import { bearer, type DocumentedEndpoint, form, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: "No grant type. The host depends on the account's cloud. A parameter restricts the token to a managed customer.",
  provider: crowdstrike({ host: 'api.us-2.crowdstrike.com', memberCid: '0123456789abcdef' }),
  request: {
    method: 'POST',
    url: 'https://api.us-2.crowdstrike.com/oauth2/token',
    headers: { 'content-type': form },
    body: `member_cid=0123456789abcdef&${posted}`,
  },
  // The vendor's page lacks the sample response: this one has the documented fields and the lifetime of 30 minutes.
  answer: {
    status: 201,
    body: { access_token: 'eyJhbGciOiJSUzI1NiJ9.e30.Y3M', expires_in: 1799, token_type: 'bearer' },
  },
  token: { value: 'eyJhbGciOiJSUzI1NiJ9.e30.Y3M', lifetime: 1799 },
  api: {
    url: 'https://api.us-2.crowdstrike.com/devices/queries/devices/v1',
    headers: bearer('eyJhbGciOiJSUzI1NiJ9.e30.Y3M'),
  },
  otherPages: [
    'https://github.com/CrowdStrike/crimson-falcon/blob/main/docs/Oauth2.md',
    'https://github.com/CrowdStrike/crimson-falcon/blob/main/docs/DomainAccessTokenResponseV1.md',
  ],
}
