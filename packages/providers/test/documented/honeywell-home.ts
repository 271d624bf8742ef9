import { honeywellHome } from '../../src/honeywell-home.ts'
import { basic, bearer, clientId, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, raw',
  odd: 'The token type is "BearerToken". Numbers are strings.',
  provider: honeywellHome(),
  request: {
    method: 'POST',
    url: 'https://api.honeywell.com/oauth2/accesstoken',
    headers: { authorization: basic, 'content-type': form },
    body: grant,
  },
  answer: {
    body: {
      refresh_token_expires_in: '0',
      api_product_list: '[Basic Plan, demandresponse-Product]',
      organization_name: 'connectedhome',
      'developer.email': 'developerinfo@resideo.com',
      token_type: 'BearerToken',
      issued_at: '1487281223451',
      client_id: '123abc',
      access_token: '456def',
      application_name: 'b1bd4907-924a-4470-a641-0effeb279834',
      scope: 'user',
      expires_in: '3599',
      refresh_count: '0',
      status: 'approved',
    },
  },
  token: { value: '456def', lifetime: 3599, scopes: ['user'] },
  api: { url: `https://api.honeywell.com/v2/locations?apikey=${clientId}`, headers: bearer('456def') },
}
