import { x } from '../../src/x.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic',
  odd: 'The response has no lifetime. Requests return the same token until it is revoked.',
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
    url: 'https://api.x.com/2/users/by/username/xdevelopers',
    headers: bearer('AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid%2BULvsea4JtiGRiSDSJSI%3D'),
  },
  refusal: {
    status: 403,
    body: {
      errors: [{ code: 99, label: 'authenticity_token_error', message: 'Unable to verify your credentials' }],
    },
    error: 'authenticity_token_error',
    errorDescription: 'Unable to verify your credentials',
  },
  otherPages: [
    'https://docs.x.com/fundamentals/authentication/oauth-2-0/application-only',
    'https://docs.x.com/x-api/getting-started/make-your-first-request',
  ],
}
