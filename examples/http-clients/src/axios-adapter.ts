import type { Authorization, Client } from '@nightlatch/core'
import axios, {
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'

export function createAxios(
  client: Client,
  baseURL: string,
): AxiosInstance {
  return axios.create({
    baseURL,
    adapter: authorized(client, axios.getAdapter('http')),
  })
}

/** Wraps an adapter so that its requests carry the token. */
export function authorized(
  client: Client,
  send: AxiosAdapter,
): AxiosAdapter {
  return async (config) => {
    // A request with its own authorization is sent as it is.
    if (config.auth !== undefined || config.headers.has('authorization'))
      return send(config)
    const url = axios.getUri(config)
    const method = (config.method ?? 'get').toUpperCase()
    const signal =
      config.signal instanceof AbortSignal ? { signal: config.signal } : {}
    let authorization = await client.authorize(url, { method, ...signal })
    for (;;) {
      const { response, error } = await attempt(
        send,
        withToken(config, url, authorization),
      )
      const options = { ...signal, repeatable: isRepeatable(config) }
      const next =
        response &&
        isFromApi(url, response) &&
        (await authorization?.handleResponse(read(response), options))
      if (!next) {
        // Keep the copy with the token out of responses and errors.
        for (const result of [response, error])
          if (result) Object.assign(result, { config, request: undefined })
        if (response === undefined || error !== undefined) throw error
        return response
      }
      if (config.responseType === 'stream') response.data.destroy()
      authorization = next
    }
  }
}

/** Copies the configuration, for exactly the URL that was checked. */
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
    // axios removes these on a redirect to another origin.
    sensitiveHeaders: [
      ...(config.sensitiveHeaders ?? []),
      ...Object.keys(carriers),
    ],
  }
}

interface Outcome {
  readonly response?: AxiosResponse | undefined
  readonly error?: unknown
}

async function attempt(
  send: AxiosAdapter,
  config: InternalAxiosRequestConfig,
): Promise<Outcome> {
  try {
    return { response: await send(config) }
  } catch (error) {
    return {
      error,
      response: axios.isAxiosError(error) ? error.response : undefined,
    }
  }
}

/** A stream can be sent only once. */
function isRepeatable({ data }: InternalAxiosRequestConfig): boolean {
  return typeof data?.pipe !== 'function'
}

/** A 401 of another origin, after a redirect, is not about the token. */
function isFromApi(url: string, { request }: AxiosResponse): boolean {
  return (
    new URL(request?.res?.responseUrl ?? url).origin === new URL(url).origin
  )
}

function read({ status, headers }: AxiosResponse): {
  status: number
  headers: Record<string, string | string[]>
} {
  return { status, headers: Object.fromEntries(Object.entries(headers)) }
}

export async function placeOrder(
  client: Client,
  baseURL: string,
  item: string,
): Promise<unknown> {
  const api = createAxios(client, baseURL)
  const { data } = await api.post('/orders', { item })
  return data
}
