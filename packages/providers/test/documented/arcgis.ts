import { arcgis } from '../../src/arcgis.ts'
import { bearer, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: 'The requested lifetime is in minutes. Errors come with status 200.',
  provider: arcgis(),
  request: {
    method: 'POST',
    url: 'https://www.arcgis.com/sharing/rest/oauth2/token',
    headers: { 'content-type': form },
    body: `${grant}&expiration=120&${posted}`,
  },
  // The vendor's page lacks the sample responses: these have the fields that the vendor's client reads.
  answer: { body: { access_token: '3NKHt6i2urmWtqOuugvr9', expires_in: 7200 } },
  token: { value: '3NKHt6i2urmWtqOuugvr9', lifetime: 7200 },
  api: {
    url: 'https://basemapstyles-api.arcgis.com/arcgis/rest/services/styles/v2/styles/arcgis/navigation/',
    headers: bearer('3NKHt6i2urmWtqOuugvr9'),
  },
  refusal: {
    body: { error: { code: 400, error: 'invalid_client_id', error_description: 'Invalid client_id' } },
    error: 'invalid_client_id',
    errorDescription: 'Invalid client_id',
  },
  otherPages: [
    'https://github.com/Esri/arcgis-rest-js/blob/main/packages/arcgis-rest-request/src/fetch-token.ts',
    'https://developers.arcgis.com/documentation/security-and-authentication/reference/http-authorization-headers/',
  ],
}
