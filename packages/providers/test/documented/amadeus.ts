import { amadeus } from '../../src/amadeus.ts'
import { bearer, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: 'The scope in the response is empty.',
  provider: amadeus({ test: true }),
  request: {
    method: 'POST',
    url: 'https://test.api.amadeus.com/v1/security/oauth2/token',
    headers: { 'content-type': form },
    body: `${grant}&${posted}`,
  },
  answer: {
    body: {
      type: 'amadeusOAuth2Token',
      username: 'foo@bar.com',
      application_name: 'BetaTest_foobar',
      client_id: '3sY9VNvXIjyJYd5mmOtOzJLuL1BzJBBp',
      token_type: 'Bearer',
      access_token: 'CpjU0sEenniHCgPDrndzOSWFk5mN',
      expires_in: 1799,
      state: 'approved',
      scope: '',
    },
  },
  token: { value: 'CpjU0sEenniHCgPDrndzOSWFk5mN', lifetime: 1799 },
  api: {
    url: 'https://test.api.amadeus.com/v2/reference-data/urls/checkin-links?airline=IB',
    headers: bearer('CpjU0sEenniHCgPDrndzOSWFk5mN'),
  },
  otherPages: [
    'https://github.com/amadeus4dev/developer-guides/blob/master/docs/API-Keys/authorization.md',
    'https://github.com/amadeus4dev/developer-guides/blob/master/docs/API-Keys/moving-to-production.md',
  ],
}
