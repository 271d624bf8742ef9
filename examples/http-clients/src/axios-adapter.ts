import type { Authorization, Client } from '@nightlatch/core'
import axios, {
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'

export function createAxios(client: Client, baseURL: string): AxiosInstance {
  return axios.create({ baseURL, adapter: authorized(client, axios.getAdapter('http')) })
}

/** Sends with another adapter, token on. */
export function authorized(client: Client, send: AxiosAdapter): AxiosAdapter {
  return async (config) => {
    // A caller's own authorization wins.
    if (config.auth !== undefined || config.headers.has('authorization')) return send(config)
    const url = axios.getUri(config)
    const method = (config.method ?? 'get').toUpperCase()
    const signal = config.signal instanceof AbortSignal ? { signal: config.signal } : {}
    let authorization = await client.authorize(url, { method, ...signal })
    for (;;) {
      const { response, error } = await attempt(send, withToken(config, url, authorization))
      const options = { ...signal, repeatable: isRepeatable(config) }
      const next =
        response && isFromApi(url, response) && (await authorization?.handleResponse(read(response), options))
      if (!next) {
        // The token was on a copy of the configuration. Nothing that holds the copy is handed on: errors get logged.
        for (const result of [response, error]) if (result) Object.assign(result, { config, request: undefined })
        if (response === undefined || error !== undefined) throw error
        return response
      }
      if (config.responseType === 'stream') response.data.destroy()
      authorization = next
    }
  }
}

/** The configuration is left as it is; what is sent goes to the very URL that was checked. */
function withToken(
  config: InternalAxiosRequestConfig,
  url: string,
  authorization: Authorization | undefined,
): InternalAxiosRequestConfig {
  const carriers = authorization?.headers ?? {}
  return {
    ...config,
    url,
    baseURL: '',
    params: undefined,
    allowAbsoluteUrls: true,
    headers: AxiosHeaders.concat(config.headers, carriers),
    // Taken off on the way to another origin; by itself axios knows Authorization and Cookie only.
    sensitiveHeaders: [...(config.sensitiveHeaders ?? []), ...Object.keys(carriers)],
  }
}

interface Outcome {
  readonly response?: AxiosResponse | undefined
  readonly error?: unknown
}

async function attempt(send: AxiosAdapter, config: InternalAxiosRequestConfig): Promise<Outcome> {
  try {
    return { response: await send(config) }
  } catch (error) {
    return { error, response: axios.isAxiosError(error) ? error.response : undefined }
  }
}

/** A stream is gone once it was sent. */
function isRepeatable({ data }: InternalAxiosRequestConfig): boolean {
  return typeof data?.pipe !== 'function'
}

/** Another origin, to which the API redirected, says nothing of the token. */
function isFromApi(url: string, { request }: AxiosResponse): boolean {
  return new URL(request?.res?.responseUrl ?? url).origin === new URL(url).origin
}

function read({ status, headers }: AxiosResponse): { status: number; headers: Record<string, string | string[]> } {
  return { status, headers: Object.fromEntries(Object.entries(headers)) }
}

export async function placeOrder(client: Client, baseURL: string, item: string): Promise<unknown> {
  const api = createAxios(client, baseURL)
  const { data } = await api.post('/orders', { item })
  return data
}
