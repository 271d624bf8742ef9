import { clientSecretPost, type Provider, pathSegment } from '@nightlatch/core'

/**
 * Microsoft Entra ID (Azure AD), for Microsoft Graph.
 *
 * @param options.tenant the directory, by its GUID or its domain
 */
export function entraId({ tenant }: { tenant: string }): Provider {
  return {
    name: 'entra-id',
    tokenEndpoint: `https://login.microsoftonline.com/${pathSegment(tenant, 'tenant')}/oauth2/v2.0/token`,
    clientAuthentication: clientSecretPost(),
    scopes: ['https://graph.microsoft.com/.default'],
    api: 'https://graph.microsoft.com/v1.0',
  }
}
