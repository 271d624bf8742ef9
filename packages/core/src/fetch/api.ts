import type { KyInstance } from 'ky'

/**
 * A ky instance whose paths hang on the API's base URL, whatever slashes stand on either side (rule H5). ky is loaded when
 * first asked for.
 *
 * @param fetch puts the token on
 */
export async function createApi(baseUrl: URL, fetch: typeof globalThis.fetch): Promise<KyInstance> {
  const { default: ky } = await import('ky')
  const base = withoutSlashes(baseUrl.href)
  return ky.create({
    prefix: baseUrl,
    fetch: (input, init) => fetch(input instanceof Request ? freeAbsoluteUrl(input, base) : input, init),
  })
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
