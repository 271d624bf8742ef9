import { clientSecretPost, type Provider, readPath } from '@nightlatch/core'

/** ArcGIS Online by Esri, with app authentication: for location services. */
export function arcgis(): Provider {
  return {
    name: 'arcgis',
    tokenEndpoint: 'https://www.arcgis.com/sharing/rest/oauth2/token',
    clientAuthentication: clientSecretPost(),
    // Minutes.
    parameters: { expiration: '120' },
    apiOrigins: ['https://*.arcgis.com'],
    // "Invalid token" and "Token required", with status 200.
    tokenRejection: { body: (body) => [498, 499].includes(Number(readPath(body, 'error', 'code'))) },
    authorizeRequest: (headers, token) => headers.set('x-esri-authorization', `Bearer ${token.value}`),
  }
}
