import { concur } from '../../src/concur.ts'
import { bearer, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: "The lifetime is a string. `geolocation` in the response is the API's base URL, which depends on the data center.",
  provider: concur({ host: 'us.api.concursolutions.com' }),
  request: {
    method: 'POST',
    url: 'https://us.api.concursolutions.com/oauth2/v0/token',
    headers: { 'content-type': form },
    body: `${grant}&${posted}`,
  },
  answer: {
    body: {
      expires_in: '3600',
      scope: 'app-scopes',
      token_type: 'Bearer',
      access_token: 'access_token',
      geolocation: 'https://us.api.concursolutions.com',
    },
  },
  token: { value: 'access_token', lifetime: 3600, scopes: ['app-scopes'] },
  api: { url: 'https://us.api.concursolutions.com/profile/v4/Users', headers: bearer('access_token') },
  refusal: {
    status: 400,
    body: { error: 'invalid_client', error_description: 'Incorrect Credentials. Please Retry', code: 64 },
    error: 'invalid_client',
    errorDescription: 'Incorrect Credentials. Please Retry',
  },
}
