import { twilio } from '../../src/twilio.ts'
import { bearer, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: 'None.',
  provider: twilio(),
  request: {
    method: 'POST',
    url: 'https://oauth.twilio.com/v2/token',
    headers: { 'content-type': form },
    body: `${grant}&${posted}`,
  },
  answer: {
    body: {
      access_token: '{AccessToken}',
      id_token: null,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: null,
    },
  },
  token: { value: '{AccessToken}', lifetime: 3600 },
  api: {
    url: 'https://api.twilio.com/2010-04-01/Accounts/AC0123/Messages.json',
    headers: bearer('{AccessToken}'),
  },
}
