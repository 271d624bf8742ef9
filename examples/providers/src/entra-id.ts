import { clientSecretPost, type Provider, pathSegment, privateKeyJwt } from '@nightlatch/core'

/**
 * Microsoft Entra ID (Azure AD), for Microsoft Graph.
 *
 * @param options.tenant the directory, by its GUID or its domain
 * @param options.certificate PEM, as uploaded to the app registration: the credentials then hold its `privateKey` instead of a secret
 */
export function entraId({ tenant, certificate }: { tenant: string; certificate?: string }): Provider {
  return {
    name: 'entra-id',
    tokenEndpoint: `https://login.microsoftonline.com/${pathSegment(tenant, 'tenant')}/oauth2/v2.0/token`,
    clientAuthentication:
      certificate === undefined
        ? clientSecretPost()
        : privateKeyJwt({ algorithm: 'PS256', audience: 'tokenEndpoint', certificate, header: { typ: 'JWT' } }),
    scopes: ['https://graph.microsoft.com/.default'],
    api: 'https://graph.microsoft.com/v1.0',
  }
}
