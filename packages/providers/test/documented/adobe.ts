import { adobe } from '../../src/adobe.ts'
import { bearer, clientId, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: 'Scopes are separated by commas. The API requires client id and organization in headers.',
  provider: adobe({
    api: 'https://cloudmanager.adobe.io',
    apiKey: clientId,
    organization: '123@AdobeOrg',
    scopes: ['openid', 'AdobeID'],
  }),
  request: {
    method: 'POST',
    url: 'https://ims-na1.adobelogin.com/ims/token/v3',
    headers: { 'content-type': form },
    body: `${grant}&scope=openid%2CAdobeID&${posted}`,
  },
  answer: { body: { access_token: '{ACCESS_TOKEN}', token_type: 'bearer', expires_in: 86399 } },
  token: { value: '{ACCESS_TOKEN}', lifetime: 86399, scopes: ['openid', 'AdobeID'] },
  api: {
    url: 'https://cloudmanager.adobe.io/api/programs',
    headers: { ...bearer('{ACCESS_TOKEN}'), 'x-api-key': clientId, 'x-gw-ims-org-id': '123@AdobeOrg' },
  },
  otherPages: ['https://developer.adobe.com/experience-cloud/cloud-manager/guides/getting-started/authentication/'],
  emulation: { tokenRequest: { scopeSeparator: ',' } },
}
