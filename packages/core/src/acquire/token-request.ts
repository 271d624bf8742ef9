import * as v from 'valibot'
import { NightlatchError } from '../errors.ts'
import type { TokenRequestDraft } from './client-authentication.ts'
import type { Provider } from './provider.ts'
import { tellThrown } from './redact.ts'

/** Parameters of a token request by name; an array repeats the name (RFC 8707). Empty ones are left out. */
export type TokenParameters = Readonly<Record<string, string | readonly string[]>>

/** What is asked for: the provider's scopes and parameters with the client's and the call's. */
export interface GrantRequest {
  readonly scopes: readonly string[]
  readonly parameters: TokenParameters
}

/**
 * What one call asks for: the base, with other scopes in place of its own and more parameters winning over its own.
 *
 * @param base the provider's, or the client's
 */
export function refineGrant(
  base: GrantRequest,
  {
    scopes,
    parameters,
  }: { readonly scopes?: string | readonly string[] | undefined; readonly parameters?: TokenParameters | undefined },
): GrantRequest {
  return {
    scopes: scopes === undefined ? base.scopes : tidyScopes(typeof scopes === 'string' ? [scopes] : scopes),
    parameters: mergeParameters(base.parameters, parameters),
  }
}

/** What only the provider may say: the grant itself, and who asks. */
const reserved: ReadonlySet<string> = new Set([
  'grant_type',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
])

/** Parameters as a provider may set them: any name but `scope`, which has a field of its own. */
export const providerParametersSchema: v.GenericSchema = v.pipe(
  v.record(
    v.string(),
    v.union([v.string(), v.array(v.string())], 'must be a string or an array of strings'),
    'must be an object of strings and arrays of strings',
  ),
  v.check((parameters) => !('scope' in parameters), 'must not hold scope: that is what `scopes` is for'),
)

/** Parameters as a client or a call may set them: rule G6. */
export const parametersSchema: v.GenericSchema = v.pipe(
  providerParametersSchema,
  v.check(
    (parameters) => Object.keys(parameters as object).every((name) => !reserved.has(name)),
    `must not hold ${[...reserved].join(', ')}: they are the provider's and the credentials' affair`,
  ),
)

/** A scope is any printable text; several in one string are several scopes. */
export const scopesSchema: v.GenericSchema = v.array(
  v.pipe(
    v.string('must be a string'),
    v.check((scope) => !/[^\P{Cc}\t\r\n]/u.test(scope), 'must not hold control characters'),
  ),
  'must be an array of strings',
)

/** Scopes as they are sent: the given order and case, one word each, none twice (rule G5). */
function tidyScopes(scopes: readonly string[]): readonly string[] {
  return [...new Set(scopes.flatMap((scope) => scope.split(/\s/)))].filter((scope) => scope !== '')
}

/** The later wins, name by name; empty parameters are gone. */
function mergeParameters(...sources: readonly (TokenParameters | undefined)[]): TokenParameters {
  const merged = new Map<string, string | readonly string[]>()
  for (const source of sources) {
    for (const [name, value] of Object.entries(source ?? {})) {
      const kept = typeof value === 'string' ? value : value.filter((one) => one !== '')
      if (kept.length > 0) merged.set(name, kept)
      else merged.delete(name)
    }
  }
  return Object.fromEntries(merged)
}

/** The grant's parameters as RFC 6749 section 4.4.2 wants them, where the provider does not say otherwise. */
export function tokenRequestParameters(provider: Provider<unknown>, grant: GrantRequest): URLSearchParams {
  const { grantType = 'client_credentials', scopeSeparator = ' ' } = provider.tokenRequest ?? {}
  const parameters = new URLSearchParams()
  if (grantType !== null) parameters.set('grant_type', grantType)
  if (grant.scopes.length > 0) parameters.set('scope', grant.scopes.join(scopeSeparator))
  for (const [name, value] of Object.entries(grant.parameters)) {
    parameters.delete(name)
    for (const one of typeof value === 'string' ? [value] : value) parameters.append(name, one)
  }
  return parameters
}

/**
 * The headers of a token request before the client authentication: the defaults, which the provider's own win over.
 *
 * @throws NightlatchError `invalid_options` where a function of the provider's gives what no header can be; what it throws itself
 */
export function tokenRequestHeaders(provider: Provider<unknown>): Headers {
  const headers = new Headers({ accept: 'application/json' })
  const contentType = contentTypes[bodyFormatOf(provider)]
  if (contentType !== undefined) headers.set('content-type', contentType)
  for (const [name, value] of Object.entries(provider.tokenRequest?.headers ?? {})) {
    if (typeof value === 'string') headers.set(name, value)
    else setMade(headers, name, value, provider.name)
  }
  return headers
}

function setMade(headers: Headers, name: string, make: () => unknown, provider: string): void {
  const hole = `tokenRequest.headers.${name}`
  let made: unknown
  try {
    made = make()
    if (typeof made === 'string') headers.set(name, made)
  } catch (failure) {
    throw tellThrown(provider, hole, failure)
  }
  if (typeof made === 'string') return
  throw new NightlatchError('invalid_options', `${provider}: the provider's ${hole} must give a string`, { provider })
}

/** Headers that functions of the provider's made, and nobody wrote over since: what they hold is no secret. */
export function madeHeaders(provider: Provider<unknown>, before: Headers, after: Headers): readonly string[] {
  return Object.entries(provider.tokenRequest?.headers ?? {})
    .filter(([name, value]) => typeof value === 'function' && before.get(name) === after.get(name))
    .map(([name]) => name.toLowerCase())
}

const contentTypes: Readonly<Record<'form' | 'json' | 'none', string | undefined>> = {
  form: 'application/x-www-form-urlencoded',
  json: 'application/json',
  none: undefined,
}

function bodyFormatOf({ tokenRequest }: Provider<unknown>): 'form' | 'json' | 'none' {
  return tokenRequest?.method === 'GET' ? 'none' : (tokenRequest?.bodyFormat ?? 'form')
}

/**
 * A draft as `fetch` takes it. Redirects are refused: a 307 would replay the secret to another origin (rule G7).
 *
 * @throws NightlatchError `invalid_options` where the draft has a JSON body that would not be sent
 */
export function toHttpRequest(
  provider: Provider<unknown>,
  draft: TokenRequestDraft,
): { readonly url: URL; readonly init: RequestInit } {
  const method = provider.tokenRequest?.method ?? 'POST'
  const format = bodyFormatOf(provider)
  if (draft.json !== undefined && format !== 'json') {
    throw new NightlatchError(
      'invalid_options',
      `${provider.name}: the client authentication set a JSON body, which is sent by POST with provider.tokenRequest.bodyFormat 'json' only`,
      { provider: provider.name },
    )
  }
  const url = new URL(draft.url)
  // Joined as text: going through `searchParams` would write the endpoint's own query anew (rule G4).
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
      return [name, values.length === 1 ? (values[0] ?? '') : values]
    }),
  )
}
