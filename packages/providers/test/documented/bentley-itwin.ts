import { bentleyItwin } from '../../src/bentley-itwin.ts'
import { bearer, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: 'The application sees nothing until its email address is a member of an iTwin.',
  provider: bentleyItwin(),
  request: {
    method: 'POST',
    url: 'https://ims.bentley.com/connect/token',
    headers: { 'content-type': form },
    body: `${grant}&scope=itwin-platform&${posted}`,
  },
  // The vendor's page lacks the sample response: this one has the documented type and lifetime. The page of the
  // refresh request has id and secret in the form.
  answer: { body: { access_token: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln', token_type: 'Bearer', expires_in: 3600 } },
  token: { value: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln', lifetime: 3600, scopes: ['itwin-platform'] },
  api: { url: 'https://api.bentley.com/itwins', headers: bearer('eyJhbGciOiJSUzI1NiJ9.e30.c2ln') },
  otherPages: [
    'https://developer.bentley.com/apis/overview/authorization',
    'https://developer.bentley.com/tutorials/authorize-service',
  ],
}
