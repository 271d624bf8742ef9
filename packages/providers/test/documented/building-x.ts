import { buildingX } from '../../src/building-x.ts'
import { bearer, clientId, clientSecret, type DocumentedEndpoint } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'JSON body',
  odd: 'The audience is fixed.',
  provider: buildingX({ api: 'https://api.example.com' }),
  request: {
    method: 'POST',
    url: 'https://siemens-bt-015.eu.auth0.com/oauth/token',
    headers: { 'content-type': 'application/json' },
    body: {
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      audience: 'https://horizon.siemens.com',
    },
  },
  answer: {
    body: {
      access_token: 'eyJ0eXAiOiUSJ9.eyJpc3MiOiJdGlhbHMifQ.MJpcxLfyOt',
      token_type: 'Bearer',
      expires_in: 86400,
    },
  },
  token: { value: 'eyJ0eXAiOiUSJ9.eyJpc3MiOiJdGlhbHMifQ.MJpcxLfyOt', lifetime: 86400 },
  api: {
    url: 'https://api.example.com/partitions/5435b9ac-8823-9e89-804bd4710e90/devices',
    headers: bearer('eyJ0eXAiOiUSJ9.eyJpc3MiOiJdGlhbHMifQ.MJpcxLfyOt'),
  },
  otherPages: ['https://developer.siemens.com/building-x-openness/dev-guide/index.html'],
}
