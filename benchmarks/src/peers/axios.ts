import axios, {
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'
import { clientCredentials } from 'axios-oauth-client'
import tokenInterceptor from 'axios-token-interceptor'
import type { Peer, Settings, TokenAnswer } from '../peer.ts'

/** axios-oauth-client for the grant, with the cache and interceptor of axios-token-interceptor, as documented. */
export const axiosWithInterceptor: Peer = {
  caches: true,
  async open(settings) {
    const { grant, token } = cacheOf(settings, instanceFor(settings))
    const instance = axios.create({ ...optionsFor(settings), validateStatus: () => true, responseType: 'text' })
    const intercept = tokenInterceptor({
      getToken: token,
      headerFormatter: ({ access_token }) => `Bearer ${access_token}`,
    })
    instance.interceptors.request.use(intercept)
    return {
      token,
      reveal: (answer) => (answer as TokenAnswer).access_token,
      grant,
      send: (url) => instance.get(url),
      finish: async (answer) => (answer as AxiosResponse).status,
    }
  },
  async openPool(settings) {
    // All tenants share one axios instance, which is larger than a token.
    const instance = instanceFor(settings)
    const tenants = new Map<string, () => Promise<TokenAnswer>>()
    return (tenant) => {
      const found = tenants.get(tenant)
      if (found !== undefined) return found()
      const { token } = cacheOf({ ...settings, clientId: tenant }, instance)
      tenants.set(tenant, token)
      return token()
    }
  },
}

function cacheOf(
  { tokenEndpoint, clientId, clientSecret }: Settings,
  instance: AxiosInstance,
): { readonly grant: () => Promise<TokenAnswer>; readonly token: () => Promise<TokenAnswer> } {
  const ask = clientCredentials(instance, tokenEndpoint, clientId, clientSecret) as (
    scope: string | undefined,
  ) => Promise<TokenAnswer>
  const grant = (): Promise<TokenAnswer> => ask(undefined)
  return { grant, token: tokenInterceptor.tokenCache(grant, { getMaxAge: ({ expires_in }) => expires_in * 1000 }) }
}

function instanceFor(settings: Settings): AxiosInstance {
  return axios.create(optionsFor(settings))
}

function optionsFor({ fetch }: Settings): { adapter?: AxiosAdapter } {
  return fetch === undefined ? {} : { adapter: stubbedAdapter(fetch) }
}

function stubbedAdapter(fetch: typeof globalThis.fetch): AxiosAdapter {
  return async (config: InternalAxiosRequestConfig) => {
    const response = await fetch(config.url ?? '', { method: 'post' })
    const data = response.body === null ? '' : await response.text()
    return { config, data, headers: {}, request: undefined, status: response.status, statusText: '' }
  }
}
