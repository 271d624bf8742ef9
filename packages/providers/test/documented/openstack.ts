import { openstack } from '../../src/openstack.ts'
import { clientId, clientSecret, type DocumentedEndpoint } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'nested JSON',
  odd: 'The token is in a header of the response, and in `X-Auth-Token` at the API. Its expiry is an ISO date.',
  provider: openstack({ identity: 'https://keystone.example.com:5000/v3', api: 'https://nova.example.com/v2.1' }),
  request: {
    method: 'POST',
    url: 'https://keystone.example.com:5000/v3/auth/tokens',
    headers: { 'content-type': 'application/json' },
    body: {
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { id: clientId, secret: clientSecret },
        },
      },
    },
  },
  // The vendor's page lacks the value of the header: this one is invented, and the response is shortened.
  answer: {
    status: 201,
    headers: { 'x-subject-token': 'gAAAAABaXSbd', date: 'Mon, 15 Jan 2018 21:14:05 GMT' },
    body: {
      token: {
        methods: ['application_credential'],
        expires_at: '2018-01-15T22:14:05.000000Z',
        issued_at: '2018-01-15T21:14:05.000000Z',
        project: { id: '231c62fb0fbd485b995e8b060c3f0d98', name: 'demo' },
      },
    },
  },
  token: { value: 'gAAAAABaXSbd', lifetime: 3600 },
  api: { url: 'https://nova.example.com/v2.1/servers', headers: { 'x-auth-token': 'gAAAAABaXSbd' } },
  otherPages: [
    'https://github.com/openstack/keystone/blob/master/api-ref/source/v3/application-credentials.inc',
    'https://github.com/openstack/keystone/blob/master/api-ref/source/v3/authenticate-v3.inc',
  ],
  emulation: {
    tokenRequest: { parameters: {} },
    readCredentials: ({ body }) => {
      const { id, secret } = JSON.parse(body).auth.identity.application_credential
      return { clientId: id, clientSecret: secret }
    },
    writeGrant: ({ expiresAt }) => ({
      token: { methods: ['application_credential'], expires_at: expiresAt.toISOString().replace('Z', '000Z') },
    }),
    writeGrantHeaders: ({ accessToken }) => ({ 'x-subject-token': accessToken }),
  },
}
