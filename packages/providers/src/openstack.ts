import { clientSecretOf, dateFromIso, type Provider, readPath, readStandardTokenResponse } from '@nightlatch/core'
import { checkOptions } from './check-options.ts'
import type { OptionDescriptions } from './option-descriptions.ts'
import type { ProviderFacts } from './provider-facts.ts'

/** Options of `openstack`. */
export interface OpenstackOptions {
  /** Base URL of the Identity service (Keystone), up to /v3. */
  readonly identity: string | URL
  /** Base URL of the service to call. */
  readonly api: string | URL
}

/** The options of `openstack` as data. */
export const optionDescriptions: OptionDescriptions<OpenstackOptions> = {
  identity: { type: 'url', required: true, description: 'base URL of the Identity service (Keystone), up to /v3' },
  api: { type: 'url', required: true, description: 'base URL of the service to call' },
}

/** The vendor's page that this description follows. */
export const facts: ProviderFacts = {
  page: 'https://docs.openstack.org/api-ref/identity/v3/',
  checked: '2026-11-30',
  answer: 'documented',
}

/**
 * OpenStack, with an application credential, whose id is the client id.
 *
 * @param options `identity`, `api`
 * @returns a provider to pass to `createClient`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 * @see {@link https://docs.openstack.org/api-ref/identity/v3/ OpenStack, Identity API v3}
 */
export function openstack(options: OpenstackOptions): Provider {
  const { identity, api } = checkOptions('openstack', options, optionDescriptions)
  return {
    name: 'openstack',
    tokenEndpoint: `${String(identity).replace(/\/$/, '')}/auth/tokens`,
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
