import { marketo } from '../../src/marketo.ts'
import { bearer, clientId, clientSecret, type DocumentedEndpoint } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'query',
  odd: "GET. `scope` is the service's owner. Repeated requests return the same token with its remaining lifetime. The API reports a rejected token with a code in a 200.",
  provider: marketo({ munchkinId: '284-RPR-133' }),
  request: {
    method: 'GET',
    url: `https://284-rpr-133.mktorest.com/identity/oauth/token?grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret}`,
    headers: {},
  },
  answer: {
    body: {
      access_token: 'cdf01657-110d-4155-99a7-f986b2ff13a0:int',
      token_type: 'bearer',
      expires_in: 3599,
      scope: 'apis@acmeinc.com',
    },
  },
  token: { value: 'cdf01657-110d-4155-99a7-f986b2ff13a0:int', lifetime: 3599, scopes: ['apis@acmeinc.com'] },
  api: {
    url: 'https://284-rpr-133.mktorest.com/rest/v1/lead/318581.json',
    headers: bearer('cdf01657-110d-4155-99a7-f986b2ff13a0:int'),
  },
  otherPages: [
    'https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/base-url',
    'https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/error-codes',
  ],
}
