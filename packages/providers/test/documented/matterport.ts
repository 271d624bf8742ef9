import { matterport } from '../../src/matterport.ts'
import { bearer, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: 'None.',
  provider: matterport(),
  request: {
    method: 'POST',
    url: 'https://api.matterport.com/api/oauth/token',
    headers: { 'content-type': form },
    body: `${grant}&${posted}`,
  },
  answer: {
    body: {
      access_token: 'YOUR-ACCESS-TOKEN',
      token_type: 'Bearer',
      expires_in: 3599,
      scope: 'ViewPublic ViewDetails',
    },
  },
  token: { value: 'YOUR-ACCESS-TOKEN', lifetime: 3599, scopes: ['ViewPublic', 'ViewDetails'] },
  api: { url: 'https://api.matterport.com/api/models/graph', headers: bearer('YOUR-ACCESS-TOKEN') },
}
