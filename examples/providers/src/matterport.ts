import { clientSecretPost, type Provider } from '@nightlatch/core'

/** Matterport's Model API, for organisations with Private Model Embed. */
export function matterport(): Provider {
  return {
    name: 'matterport',
    tokenEndpoint: 'https://api.matterport.com/api/oauth/token',
    clientAuthentication: clientSecretPost(),
    api: 'https://api.matterport.com/api/models',
  }
}
