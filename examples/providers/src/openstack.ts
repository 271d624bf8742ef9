import { clientSecretOf, dateFromIso, type Provider, readPath, readStandardTokenResponse } from '@nightlatch/core'

/**
 * OpenStack, with an application credential: its id is the client id.
 *
 * @param options.identity the base URL of the Identity service (Keystone), up to `/v3`
 * @param options.api the base URL of the service to call
 */
export function openstack({ identity, api }: { identity: string; api: string }): Provider {
  return {
    name: 'openstack',
    tokenEndpoint: `${identity}/auth/tokens`,
    tokenRequest: { bodyFormat: 'json' },
    clientAuthentication: {
      name: 'openstack',
      requires: 'clientSecret',
      authenticate(request, credentials) {
        const application_credential = { id: credentials.clientId, secret: clientSecretOf(credentials) }
        request.json = { auth: { identity: { methods: ['application_credential'], application_credential } } }
      },
    },
    readTokenResponse: (answer) => ({
      ...readStandardTokenResponse(answer),
      accessToken: answer.headers.get('x-subject-token'),
      expiresAt: dateFromIso(readPath(answer.body, 'token', 'expires_at')),
    }),
    authorizeRequest: (headers, token) => headers.set('x-auth-token', token.value),
    api,
  }
}
