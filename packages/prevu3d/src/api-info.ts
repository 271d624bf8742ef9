import { type Fetch, NightlatchError } from '@nightlatch/core'
import * as v from 'valibot'

/** The response of `GET /oauth/api-info`; undocumented members are kept. */
export interface Prevu3dInfo {
  /** The service user of the API calls; its members are undocumented. */
  readonly user: Readonly<Record<string, unknown>>
  readonly organization: { readonly id: string; readonly name: string }
  /** The OAuth scopes of the application. */
  readonly scopes: readonly string[]
  /** The base URL of the organisation's region, as returned. */
  readonly apiUrl: string
}

const apiInfoSchema: v.GenericSchema<unknown, Prevu3dInfo> = v.looseObject({
  user: v.optional(v.record(v.string(), v.unknown()), {}),
  organization: v.looseObject({ id: v.pipe(v.string(), v.nonEmpty()), name: v.optional(v.string(), '') }),
  scopes: v.optional(v.array(v.string()), []),
  apiUrl: v.pipe(v.string(), v.url()),
})

/**
 * Requests `api-info`, which contains the API's URL.
 *
 * @param url the URL of `api-info`
 * @param fetch a fetch that adds the token
 * @param signal cancels the request
 * @throws NightlatchError `discovery_failed` for an error status or an invalid response
 */
export async function requestApiInfo(url: URL, fetch: Fetch, signal: AbortSignal): Promise<Prevu3dInfo> {
  const response = await fetch(url, { headers: { accept: 'application/json' }, signal })
  const { status } = response
  const text = await response.text()
  const failed = (what: string): NightlatchError =>
    new NightlatchError('discovery_failed', `prevu3d: ${url.origin}${url.pathname} responded with ${status}${what}`, {
      provider: 'prevu3d',
      status,
      retryable: status === 429 || status > 499,
    })
  if (!response.ok) throw failed('')
  const parsed = v.safeParse(apiInfoSchema, parseJson(text))
  if (parsed.success) return parsed.output
  const wrong = parsed.issues.map((issue) => v.getDotPath(issue) ?? 'the whole response')
  throw failed(`, but the response is not as documented: ${[...new Set(wrong)].join(', ')}`)
}

/**
 * Returns the base URL of the documented paths `v1/...`. Whether `apiUrl` ends in a slash or in the version is undocumented,
 * so both are removed.
 */
export function toBaseUrl(apiUrl: string): string {
  const trimmed = withoutSlashes(apiUrl)
  return trimmed.endsWith('/v1') ? trimmed.slice(0, -'/v1'.length) : trimmed
}

/** Removes trailing slashes from a URL or path. */
export function withoutSlashes(url: string): string {
  let end = url.length
  while (url[end - 1] === '/') end -= 1
  return url.slice(0, end)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
