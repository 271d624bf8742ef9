import { clientSecretPost, type Provider } from '@nightlatch/core'

/** Bentley's iTwin Platform, for an application of the type "service". */
export function bentleyItwin(): Provider {
  return {
    name: 'bentley-itwin',
    tokenEndpoint: 'https://ims.bentley.com/connect/token',
    clientAuthentication: clientSecretPost(),
    scopes: ['itwin-platform'],
    api: 'https://api.bentley.com',
  }
}
