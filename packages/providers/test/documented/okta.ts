import { okta } from '../../src/okta.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic',
  odd: 'Each authorization server has its own token endpoint. At least one custom scope is required.',
  provider: okta({ domain: 'acme.okta.com', scopes: ['customScope'], api: 'https://api.example.com' }),
  request: {
    method: 'POST',
    url: 'https://acme.okta.com/oauth2/default/v1/token',
    headers: { authorization: basic, 'content-type': form },
    body: `${grant}&scope=customScope`,
  },
  answer: {
    body: { access_token: 'eyJhbG[...]1LQ', token_type: 'Bearer', expires_in: 3600, scope: 'customScope' },
  },
  token: { value: 'eyJhbG[...]1LQ', lifetime: 3600, scopes: ['customScope'] },
  api: { url: 'https://api.example.com/things', headers: bearer('eyJhbG[...]1LQ') },
  otherPages: ['https://developer.okta.com/docs/guides/implement-client-creds/-/use-flow/'],
}
