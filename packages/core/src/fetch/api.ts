import type { HTTPError, KyInstance } from 'ky'
import type { Provider } from '../acquire/provider.ts'
import type { Fetch } from '../platform/fetch.ts'

/**
 * A ky instance whose paths hang on the API's base URL, whatever slashes stand on either side (rule H5). Its `HTTPError`
 * carries the provider's hints as `error.hints`. ky is loaded when first asked for.
 *
 * @param fetch puts the token on
 */
export async function createApi(baseUrl: URL, fetch: Fetch, provider: Pick<Provider, 'explain'>): Promise<KyInstance> {
  const { default: ky, HTTPError } = await import('ky')
  const base = withoutSlashes(baseUrl.href)
  return ky.create({
    prefix: baseUrl,
    fetch: (input, init) => fetch(input instanceof Request ? freeAbsoluteUrl(input, base) : input, init),
    hooks: {
      beforeError: [
        ({ error }) =>
          error instanceof HTTPError ? Object.assign(error, { hints: hintsFor(error, provider) }) : error,
      ],
    },
  })
}

/** What the provider says about a response of its API; a provider whose `explain` throws says nothing. */
function hintsFor(
  { response, request, data }: HTTPError,
  provider: Pick<Provider<unknown>, 'explain'>,
): readonly string[] {
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
 * A Request for the absolute URL that a caller gave instead of a path (the next page's, as many APIs tell it): ky puts its
 * prefix before any text. Where it goes is judged as any URL is.
 */
function freeAbsoluteUrl(request: Request, base: string): Request {
  if (!request.url.startsWith(`${base}/`)) return request
  const path = request.url.slice(base.length + 1)
  return /^https?:\/\//i.test(path) ? new Request(path, request) : request
}

/** A URL without the slashes at its end. */
function withoutSlashes(url: string): string {
  let end = url.length
  while (url[end - 1] === '/') end -= 1
  return url.slice(0, end)
}
