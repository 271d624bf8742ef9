import { NightlatchError, redactTypeError } from '../errors.ts'
import type { TokenRequestDraft } from './authentication-method.ts'
import type { Provider, TokenRequestFormat } from './provider.ts'
import type { GrantRequest } from './token-request.ts'

/**
 * Translates the parameters of a standard token request into the provider's grant type and scope separator.
 *
 * @param standard the parameters of RFC 6749 section 4.4.2
 */
export function toProviderParameters(
  { tokenRequest }: Provider,
  { parameters: { grant_type: ownGrantType } }: GrantRequest,
  standard: URLSearchParams,
): URLSearchParams {
  const { grantType, scopeSeparator = ' ' } = tokenRequest ?? {}
  const translated = new URLSearchParams()
  for (const [name, value] of standard) {
    if (name === 'scope')
      translated.append(
        name,
        value.replaceAll(' ', () => scopeSeparator),
      )
    else if (name !== 'grant_type') translated.append(name, value)
    else
      for (const one of [ownGrantType ?? (grantType === undefined ? value : (grantType ?? []))].flat())
        translated.append(name, one)
  }
  return translated
}

/**
 * Creates the headers of a token request before the client authentication: `Accept` and `Content-Type`, unless the provider sets
 * its own.
 *
 * @throws NightlatchError `invalid_options` if a function of the provider returns an invalid header value; its own errors otherwise
 */
export function providerHeaders(provider: Provider): Headers {
  const headers = new Headers({ accept: 'application/json' })
  const contentType = contentTypes[bodyFormatOf(provider.tokenRequest)]
  if (contentType !== undefined) headers.set('content-type', contentType)
  for (const [name, value] of Object.entries(provider.tokenRequest?.headers ?? {})) {
    if (typeof value === 'string') headers.set(name, value)
    else setComputedHeader(headers, name, value, provider.name)
  }
  return headers
}

function setComputedHeader(headers: Headers, name: string, compute: () => unknown, provider: string): void {
  const option = `tokenRequest.headers.${name}`
  try {
    const value = compute()
    if (typeof value === 'string') {
      headers.set(name, value)
      return
    }
  } catch (failure) {
    throw redactTypeError(provider, option, failure)
  }
  throw new NightlatchError('invalid_options', `${provider}: the provider's ${option} must return a string`, {
    provider,
  })
}

/** The names of headers that the provider's functions computed and nothing has overwritten since; their values are not secrets. */
export function computedHeaders(provider: Provider, before: Headers, after: Headers): readonly string[] {
  return Object.entries(provider.tokenRequest?.headers ?? {})
    .filter(([name, value]) => typeof value === 'function' && before.get(name) === after.get(name))
    .map(([name]) => name.toLowerCase())
}

const contentTypes: Readonly<Record<'form' | 'json' | 'none', string | undefined>> = {
  form: 'application/x-www-form-urlencoded',
  json: 'application/json',
  none: undefined,
}

function bodyFormatOf(format: TokenRequestFormat | undefined): 'form' | 'json' | 'none' {
  return format?.method === 'GET' ? 'none' : (format?.bodyFormat ?? 'form')
}

/**
 * Converts a draft to the arguments of `fetch`. Redirects are not followed, because a 307 could send the secret to another origin
 * (rule G7).
 *
 * @param requestFormat where the request departs from a form by POST
 * @param provider its name, for the message
 * @throws NightlatchError `invalid_options` if the draft has a JSON body that would not be sent
 */
export function toHttpRequest(
  draft: TokenRequestDraft,
  requestFormat: TokenRequestFormat | undefined,
  provider: string,
): { readonly url: URL; readonly init: RequestInit } {
  const method = requestFormat?.method ?? 'POST'
  const format = bodyFormatOf(requestFormat)
  if (draft.json !== undefined && format !== 'json') {
    throw new NightlatchError(
      'invalid_options',
      `${provider}: the client authentication set a JSON body, which requires POST and provider.tokenRequest.bodyFormat 'json'`,
      { provider },
    )
  }
  const url = new URL(draft.url)
  // Joined as text, because `searchParams` would re-encode the endpoint's own query (rule G4).
  if (format === 'none' && draft.parameters.size > 0) {
    url.search = url.search === '' ? draft.parameters.toString() : `${url.search}&${draft.parameters}`
  }
  const body =
    format === 'json'
      ? JSON.stringify(draft.json ?? toMembers(draft.parameters))
      : format === 'form'
        ? draft.parameters.toString()
        : null
  return { url, init: { method, headers: draft.headers, body, redirect: 'manual' } }
}

function toMembers(parameters: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => {
      const values = parameters.getAll(name)
      return [name, values.length === 1 ? String(values[0]) : values]
    }),
  )
}
