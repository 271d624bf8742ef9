import { type Fetch, NightlatchError } from '@nightlatch/core'
import * as v from 'valibot'

/** What `GET /oauth/api-info` tells about the client; members that are not documented are kept. */
export interface Prevu3dInfo {
  /** The service user the calls run as; its members are not documented. */
  readonly user: Readonly<Record<string, unknown>>
  readonly organization: { readonly id: string; readonly name: string }
  /** The OAuth scopes of the application. */
  readonly scopes: readonly string[]
  /** The base URL of the organisation's region, as the vendor spells it. */
  readonly apiUrl: string
}

const apiInfoSchema: v.GenericSchema<unknown, Prevu3dInfo> = v.looseObject({
  user: v.optional(v.record(v.string(), v.unknown()), {}),
  organization: v.looseObject({ id: v.pipe(v.string(), v.nonEmpty()), name: v.optional(v.string(), '') }),
  scopes: v.optional(v.array(v.string()), []),
  apiUrl: v.pipe(v.string(), v.url()),
})

/**
 * Asks where the organisation's API is.
 *
 * @param fetch carries the token
 * @throws NightlatchError `discovery_failed`
 */
export async function askApiInfo(url: URL, fetch: Fetch, signal: AbortSignal): Promise<Prevu3dInfo> {
  const response = await fetch(url, { headers: { accept: 'application/json' }, signal })
  const { status } = response
  const text = await response.text()
  const failed = (what: string): NightlatchError =>
    new NightlatchError('discovery_failed', `prevu3d: ${url.origin}${url.pathname} answered ${status}${what}`, {
      provider: 'prevu3d',
      status,
      retryable: status === 429 || status > 499,
    })
  if (!response.ok) throw failed('')
  const parsed = v.safeParse(apiInfoSchema, parseJson(text))
  if (parsed.success) return parsed.output
  const wrong = parsed.issues.map((issue) => v.getDotPath(issue) ?? 'the whole answer')
  throw failed(`, but not as documented: ${[...new Set(wrong)].join(', ')}`)
}

/**
 * The base URL that the documented paths hang on, `v1/...`: whether an `apiUrl` ends in a slash or in its version is not
 * documented, so both are taken off.
 */
export function toBaseUrl(apiUrl: string): string {
  const trimmed = withoutSlashes(apiUrl)
  return trimmed.endsWith('/v1') ? trimmed.slice(0, -'/v1'.length) : trimmed
}

/** A URL or a path without the slashes at its end. */
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
