import type { HTTPError, KyInstance } from 'ky'
import type { Provider } from '../acquire/provider.ts'
import type { Fetch } from '../platform/fetch.ts'

/**
 * Creates a ky instance that resolves paths against the API's base URL, with or without slashes on either side (rule H5). Its
 * `HTTPError` carries the provider's hints as `error.hints`. ky is loaded on first use.
 *
 * @param fetch adds the token
 */
export async function createApi(baseUrl: URL, fetch: Fetch, provider: Pick<Provider, 'explain'>): Promise<KyInstance> {
  const { default: ky, HTTPError } = await import('ky')
  const base = withoutSlashes(baseUrl.href)
  return ky.create({
    prefix: baseUrl,
    fetch: (input, init) => fetch(input instanceof Request ? removePrefix(input, base) : input, init),
    hooks: {
      beforeError: [
        ({ error }) =>
          error instanceof HTTPError ? Object.assign(error, { hints: hintsFor(error, provider) }) : error,
      ],
    },
  })
}

/** The provider's hints for a response of its API; none if its `explain` throws. */
function hintsFor({ response, request, data }: HTTPError, provider: Pick<Provider, 'explain'>): readonly string[] {
  try {
    // A transport that creates responses itself may leave out their URL.
    const url = new URL(response.url === '' ? request.url : response.url)
    const hints: unknown = provider.explain?.({ status: response.status, url, body: data })
    return Array.isArray(hints) ? hints.filter((hint) => typeof hint === 'string') : []
  } catch {
    return []
  }
}

/**
 * Removes the prefix that ky also adds to absolute URLs, such as the link to a next page. The result is checked like any other
 * URL.
 */
function removePrefix(request: Request, base: string): Request {
  if (!request.url.startsWith(`${base}/`)) return request
  const path = request.url.slice(base.length + 1)
  return /^https?:\/\//i.test(path) ? new Request(path, request) : request
}

/** Removes the slashes at the end of a URL. */
function withoutSlashes(url: string): string {
  let end = url.length
  while (url[end - 1] === '/') end -= 1
  return url.slice(0, end)
}
