import { sailpoint } from '../../src/sailpoint.ts'
import { bearer, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: 'A personal access token is a client id with a secret. The response describes the tenant.',
  provider: sailpoint({ tenant: 'example' }),
  request: {
    method: 'POST',
    url: 'https://example.api.identitynow.com/oauth/token',
    headers: { 'content-type': form },
    body: `${grant}&${posted}`,
  },
  answer: {
    body: {
      access_token: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0.zJYfjIladuGHoLXr92EOJ3A9qGNkiG5UJ9eqrtSYXAQ',
      token_type: 'bearer',
      expires_in: 749,
      scope: 'read write',
      accessType: 'OFFLINE',
      tenant_id: '58eb06a4-dcd7-4e96-8fac-cca2afc03e61',
      internal: false,
      pod: 'cook',
      strong_auth_supported: false,
      org: 'example',
      strong_auth: true,
      enabled: true,
      jti: '9499b299-95fa-47fb-815c-85d5f6b43e86',
    },
  },
  token: {
    value: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0.zJYfjIladuGHoLXr92EOJ3A9qGNkiG5UJ9eqrtSYXAQ',
    lifetime: 749,
    scopes: ['read', 'write'],
  },
  api: {
    url: 'https://example.api.identitynow.com/v3/account-activities',
    headers: bearer('eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0.zJYfjIladuGHoLXr92EOJ3A9qGNkiG5UJ9eqrtSYXAQ'),
  },
}
