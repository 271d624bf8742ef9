import { clientSecretPost, type Provider } from '@nightlatch/core'

/**
 * Procore, with a developer managed service account.
 *
 * @param options.companyId the company that the requests are about: it must go with them where there are several regions
 */
export function procore({ companyId }: { companyId: string }): Provider {
  return {
    name: 'procore',
    tokenEndpoint: 'https://login.procore.com/oauth/token',
    tokenRequest: { bodyFormat: 'json' },
    clientAuthentication: clientSecretPost(),
    api: 'https://api.procore.com/rest',
    authorizeRequest: (headers, token) => {
      headers.set('authorization', `Bearer ${token.value}`)
      headers.set('procore-company-id', companyId)
    },
  }
}
