import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createEmptyPipeline,
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type PipelineResponse,
} from '@azure/core-rest-pipeline'
import { grantByHand, type Peer } from '../peer.ts'

/**
 * A pipeline with only the bearer policy, its cache and a hand-written credential. The policy requires https, so it gets such
 * a URL, and the HTTP client replaces it by the benchmark's.
 */
export const azureCoreRestPipeline: Peer = {
  caches: true,
  async open(settings) {
    const pipeline = createEmptyPipeline()
    const credential = {
      async getToken() {
        const { access_token, expires_in } = await grantByHand(settings)
        return { token: access_token, expiresOnTimestamp: Date.now() + expires_in * 1000 }
      },
    }
    pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: ['benchmark'] }))
    const { fetch } = settings
    const httpClient = fetch === undefined ? plainClient(createDefaultHttpClient()) : stubbedClient(fetch)
    return {
      send: (url) => pipeline.sendRequest(httpClient, createPipelineRequest({ url: url.replace(/^http:/, 'https:') })),
      finish: async (answer) => (answer as PipelineResponse).status,
    }
  },
}

function plainClient(client: HttpClient): HttpClient {
  return {
    sendRequest(request) {
      request.url = request.url.replace(/^https:/, 'http:')
      request.allowInsecureConnection = true
      return client.sendRequest(request)
    },
  }
}

function stubbedClient(fetch: typeof globalThis.fetch): HttpClient {
  const headers = createHttpHeaders()
  return {
    async sendRequest(request) {
      const { status } = await fetch(request.url)
      return { request, headers, status }
    },
  }
}
