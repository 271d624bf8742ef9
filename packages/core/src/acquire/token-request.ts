import * as v from 'valibot'

/** The scopes and parameters of a token request: the provider's, refined by the client's and the call's. */
export interface GrantRequest {
  readonly scopes: readonly string[]
  readonly parameters: TokenParameters
}

/** Parameters of a token request by name; an array repeats the name (RFC 8707). Empty ones are not sent. */
export type TokenParameters = Readonly<Record<string, string | readonly string[]>>

/**
 * Refines a grant request: scopes replace those of the base, parameters are added to its own and override them.
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

/** Parameters that only the provider may set: the grant type, and the client's credentials. */
const reserved: ReadonlySet<string> = new Set([
  'grant_type',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
])

/** The parameters that a provider can set: any name but `scope`, which has its own field. */
export const providerParametersSchema: v.GenericSchema = v.pipe(
  v.record(
    v.string(),
    v.union([v.string(), v.array(v.string())], 'must be a string or an array of strings'),
    'must be an object of strings and arrays of strings',
  ),
  v.check((parameters) => !('scope' in parameters), 'must not contain scope. Set `scopes` instead.'),
)

/** The parameters that a client or a call can set (rule G6). */
export const parametersSchema: v.GenericSchema = v.pipe(
  providerParametersSchema,
  v.check(
    (parameters) => Object.keys(parameters as object).every((name) => !reserved.has(name)),
    () => `must not contain ${[...reserved].join(', ')}, because the provider and the credentials set them`,
  ),
)

/** A scope is printable text; spaces separate several scopes in one string. */
export const scopesSchema: v.GenericSchema = v.array(
  v.pipe(
    v.string('must be a string'),
    v.check((scope) => !/[^\P{Cc}\t\r\n]/u.test(scope), 'must not contain control characters'),
  ),
  'must be an array of strings',
)

/** Normalises scopes: one word each, without duplicates, in the given order and case (rule G5). */
function tidyScopes(scopes: readonly string[]): readonly string[] {
  return [...new Set(scopes.flatMap((scope) => scope.split(/\s/)))].filter((scope) => scope !== '')
}

/** Merges parameters: a later source overrides an earlier one by name, and empty parameters are removed. */
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

/**
 * Creates the parameters of a standard token request; provider-request.ts sets another grant type.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2 RFC 6749 section 4.4.2}
 */
export function standardParameters({ scopes, parameters }: GrantRequest): URLSearchParams {
  const standard = new URLSearchParams({ grant_type: 'client_credentials' })
  if (scopes.length > 0) standard.set('scope', scopes.join(' '))
  for (const [name, value] of Object.entries(parameters)) {
    if (name === 'grant_type') continue
    for (const one of typeof value === 'string' ? [value] : value) standard.append(name, one)
  }
  return standard
}
