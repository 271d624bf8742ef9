import { keycloak } from '../../src/keycloak.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic',
  odd: 'None.',
  provider: keycloak({ host: 'sso.example.com', realm: 'my realm', api: 'https://api.example.com' }),
  request: {
    method: 'POST',
    url: 'https://sso.example.com/realms/my%20realm/protocol/openid-connect/token',
    headers: { authorization: basic, 'content-type': form },
    body: grant,
  },
  answer: {
    headers: { 'content-type': 'application/json;charset=UTF-8', 'cache-control': 'no-store' },
    body: { access_token: '2YotnFZFEjr1zCsicMWpAA', token_type: 'bearer', expires_in: 60 },
  },
  token: { value: '2YotnFZFEjr1zCsicMWpAA', lifetime: 60 },
  api: { url: 'https://api.example.com/things', headers: bearer('2YotnFZFEjr1zCsicMWpAA') },
  otherPages: [
    'https://wjw465150.gitbooks.io/keycloak-documentation/content/server_admin/topics/clients/oidc/service-accounts.html',
  ],
}
