import { insightsHub } from '../../src/insights-hub.ts'
import { basic, bearer, type DocumentedEndpoint } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, in the header `X-SPACE-AUTH-KEY`',
  odd: 'The request is JSON about an application and its tenants. No grant type.',
  provider: insightsHub({
    region: 'eu1',
    appName: 'application_x',
    appVersion: '1.0.0',
    hostTenant: 'host_tenant',
    userTenant: 'user_tenant_1',
  }),
  request: {
    method: 'POST',
    url: 'https://gateway.eu1.mindsphere.io/api/technicaltokenmanager/v3/oauth/token',
    headers: { 'x-space-auth-key': basic, 'content-type': 'application/json' },
    body: {
      appName: 'application_x',
      appVersion: '1.0.0',
      hostTenant: 'host_tenant',
      userTenant: 'user_tenant_1',
    },
  },
  // The vendor's page lacks the end of the sample response: `token_type` and `expires_in` come from published
  // clients.
  answer: {
    body: {
      access_token: 'eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS1pZC0xIiwidHlwIjoiSldUIn0.eyJqdGkiOiI4NjhhO.c2ln',
      token_type: 'bearer',
      expires_in: 1799,
      timestamp: 1612097880000,
    },
  },
  token: {
    value: 'eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS1pZC0xIiwidHlwIjoiSldUIn0.eyJqdGkiOiI4NjhhO.c2ln',
    lifetime: 1799,
  },
  api: {
    url: 'https://gateway.eu1.mindsphere.io/api/iotfile/v3/files/4711',
    headers: bearer('eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS1pZC0xIiwidHlwIjoiSldUIn0.eyJqdGkiOiI4NjhhO.c2ln'),
  },
  otherPages: ['https://github.com/mindsphere/mindconnect-nodejs/blob/master/src/api/tokenmanager-auth.ts'],
  emulation: {
    readCredentials: ({ headers }) => {
      const [, encoded = ''] = (headers.get('x-space-auth-key') ?? '').split(' ')
      const [clientId = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':')
      return { clientId, clientSecret: rest.join(':') }
    },
  },
}
