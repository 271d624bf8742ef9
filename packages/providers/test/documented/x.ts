import { x } from '../../src/x.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic header',
  odd: 'API key and API secret key are the credentials. The response has no lifetime. The token holds percent-encoded characters, which are sent as they are.',
  provider: x(),
  request: {
    method: 'POST',
    url: 'https://api.x.com/oauth2/token',
    headers: { authorization: basic, 'content-type': form },
    body: grant,
  },
  answer: {
    body: { token_type: 'bearer', access_token: 'AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid%2BULvsea4JtiGRiSDSJSI%3D' },
  },
  token: { value: 'AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid%2BULvsea4JtiGRiSDSJSI%3D', lifetime: undefined },
  api: {
    url: 'https://api.x.com/2/tweets/20',
    headers: bearer('AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid%2BULvsea4JtiGRiSDSJSI%3D'),
  },
}
