import { clientSecretBasic, type Provider } from '@nightlatch/core'

/** Autodesk Platform Services, "two-legged". */
export function autodesk(): Provider {
  return {
    name: 'autodesk',
    tokenEndpoint: 'https://developer.api.autodesk.com/authentication/v2/token',
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
    scopes: ['data:read'],
    api: 'https://developer.api.autodesk.com',
  }
}
