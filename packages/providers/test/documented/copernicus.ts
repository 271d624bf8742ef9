import { copernicus } from '../../src/copernicus.ts'
import { bearer, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: "The page names the lifetime only as the token's `exp`. Token requests are rate limited.",
  provider: copernicus(),
  request: {
    method: 'POST',
    url: 'https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token',
    headers: { 'content-type': form },
    body: `${grant}&${posted}`,
  },
  // The vendor's page lacks the response: this one has the fields of RFC 6749.
  answer: { body: { access_token: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln', expires_in: 1800, token_type: 'Bearer' } },
  token: { value: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln', lifetime: 1800 },
  api: { url: 'https://sh.dataspace.copernicus.eu/api/v1/process', headers: bearer('eyJhbGciOiJSUzI1NiJ9.e30.c2ln') },
}
