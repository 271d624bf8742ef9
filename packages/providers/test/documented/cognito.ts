import { cognito } from '../../src/cognito.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, raw',
  odd: "The host is the user pool's domain. Without a scope, the token has all custom scopes of the app client.",
  provider: cognito({
    domain: 'mydomain.auth.us-east-1.amazoncognito.com',
    scopes: ['orders/read', 'orders/write'],
    api: 'https://api.example.com',
  }),
  request: {
    method: 'POST',
    url: 'https://mydomain.auth.us-east-1.amazoncognito.com/oauth2/token',
    headers: { authorization: basic, 'content-type': form },
    body: `${grant}&scope=orders%2Fread+orders%2Fwrite`,
  },
  answer: { body: { access_token: 'eyJz9sdfsdfsdfsd', token_type: 'Bearer', expires_in: 3600 } },
  token: { value: 'eyJz9sdfsdfsdfsd', lifetime: 3600, scopes: ['orders/read', 'orders/write'] },
  api: { url: 'https://api.example.com/orders', headers: bearer('eyJz9sdfsdfsdfsd') },
  refusal: { status: 400, body: { error: 'invalid_client' }, error: 'invalid_client' },
}
