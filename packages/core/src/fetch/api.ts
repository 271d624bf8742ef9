import type { KyInstance } from 'ky'
import type { Fetch } from '../platform/fetch.ts'

/**
 * Creates a ky instance that resolves paths against the API's base URL, with or without slashes on either side (rule H5). ky is
 * loaded on first use.
 *
 * @param fetch adds the token
 */
export async function createApi(baseUrl: URL, fetch: Fetch): Promise<KyInstance> {
  const { default: ky } = await import('ky')
  const base = withoutSlashes(baseUrl.href)
  return ky.create({
    prefix: baseUrl,
    fetch: (input, init) => fetch(input instanceof Request ? removePrefix(input, base) : input, init),
  })
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
