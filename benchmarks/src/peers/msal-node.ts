import { type AuthenticationResult, ConfidentialClientApplication, type INetworkModule } from '@azure/msal-node'
import { finishResponse, type Peer, type Settings } from '../peer.ts'

const authority = 'https://login.microsoftonline.com/benchmark'

/**
 * It supports only Microsoft's hosts over https, so a custom network client sends its token request to the benchmark's server.
 * Metadata is passed in, so that it discovers nothing.
 */
export const msalNode: Peer = {
  caches: true,
  async open(settings) {
    const application = new ConfidentialClientApplication({
      auth: {
        clientId: settings.clientId,
        clientSecret: settings.clientSecret,
        authority,
        knownAuthorities: ['login.microsoftonline.com'],
        authorityMetadata: JSON.stringify({
          issuer: `${authority}/v2.0`,
          authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
          token_endpoint: `${authority}/oauth2/v2.0/token`,
          jwks_uri: `${authority}/discovery/v2.0/keys`,
        }),
      },
      system: { networkClient: redirectTo(settings) },
    })
    const scopes = ['https://benchmark.example/.default']
    const token = (): Promise<AuthenticationResult | null> => application.acquireTokenByClientCredential({ scopes })
    const { fetch = (input, init) => globalThis.fetch(input, init) } = settings
    return {
      token,
      reveal,
      grant: () => application.acquireTokenByClientCredential({ scopes, skipCache: true }),
      send: async (url) => await fetch(url, { headers: { authorization: `Bearer ${reveal(await token())}` } }),
      finish: finishResponse,
    }
  },
}

function reveal(token: unknown): string {
  return (token as AuthenticationResult).accessToken
}

function redirectTo({ tokenEndpoint, fetch = globalThis.fetch }: Settings): INetworkModule {
  return {
    async sendGetRequestAsync() {
      throw new Error('Nothing is to be discovered.')
    },
    async sendPostRequestAsync(_url, options) {
      const response = await fetch(tokenEndpoint, {
        method: 'POST',
        headers: options?.headers ?? {},
        body: options?.body ?? '',
      })
      const headers = Object.fromEntries(response.headers)
      const text = await response.text()
      // Like its own client, this one converts a response that is not JSON to an error.
      const body = text.startsWith('{') ? JSON.parse(text) : { error: 'server_error' }
      return { headers, body, status: response.status }
    },
  }
}
