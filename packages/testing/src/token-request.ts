/** Reads token requests of servers that deviate from RFC 6749 section 4.4.2. */
import { isDeepStrictEqual } from 'node:util'
import type { Answer } from './faults.ts'
import { isForm, type RecordedRequest } from './recorded-request.ts'
import { oauthError, refuseMalformed } from './rfc6749.ts'

/** What a token endpoint requires of a request. */
export interface EmulatedTokenRequest {
  /** Default `'POST'`; with `'GET'` the parameters are in the query. */
  readonly method?: 'POST' | 'GET'
  /** Default `'form'`; with `'none'` the parameters are in the query. */
  readonly bodyFormat?: 'form' | 'json' | 'none'
  /** Default `'client_credentials'`; `null`: the request must not contain one. */
  readonly grantType?: string | null
  /** Default: a space. */
  readonly scopeSeparator?: string
  /** Additional required parameters and their exact values, for example an audience; in JSON, values can be nested. */
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Required headers and their exact values. */
  readonly headers?: Readonly<Record<string, string>>
  /** Name of the client id in the body or query; default `'client_id'`. */
  readonly clientIdParameter?: string
  /** Name of the client secret in the body or query; default `'client_secret'`. */
  readonly clientSecretParameter?: string
}

/** Returns a parameter by name, from the form, the JSON body or the query. */
export type ReadParameters = (name: string) => string | undefined

/** The parameters of a valid request. */
export interface SentParameters {
  readonly parameter: ReadParameters
  /** The members of a JSON body, unchanged. */
  readonly members?: Readonly<Record<string, unknown>>
}

/** Reads a request's parameters, or returns the error response to an invalid request. */
export function readParameters(
  request: RecordedRequest,
  { method = 'POST', bodyFormat = 'form' }: EmulatedTokenRequest,
): SentParameters | { readonly refusal: Answer } {
  const format = method === 'GET' ? 'none' : bodyFormat
  if (format === 'json') {
    const members = readMembers(request)
    if (members === undefined) {
      return { refusal: oauthError(400, 'invalid_request', 'the body must be an object, as application/json') }
    }
    // RFC 6749 section 3.2: a parameter without a value counts as omitted.
    return { members, parameter: (name) => (Object.hasOwn(members, name) && String(members[name])) || undefined }
  }
  if (format === 'none') return { parameter: (name) => request.query.get(name) || undefined }
  const refusal = refuseMalformed(request)
  return refusal === undefined ? { parameter: (name) => request.form.get(name) || undefined } : { refusal }
}

/** Returns the error response to a request whose grant type, parameters or headers are not as required. */
export function checkRequirements(
  request: RecordedRequest,
  { parameter, members }: SentParameters,
  required: EmulatedTokenRequest,
): Answer | undefined {
  const { grantType = 'client_credentials', parameters = {}, headers = {} } = required
  const sent = parameter('grant_type')
  if (grantType === null && sent !== undefined) return oauthError(400, 'invalid_request', 'grant_type is not supported')
  if (grantType !== null && sent === undefined) return oauthError(400, 'invalid_request', 'grant_type is missing')
  if (grantType !== null && sent !== grantType) return oauthError(400, 'unsupported_grant_type', `only ${grantType}`)
  for (const [name, value] of Object.entries(parameters)) {
    const isThere = typeof value === 'string' ? parameter(name) === value : isDeepStrictEqual(members?.[name], value)
    if (!isThere) return oauthError(400, 'invalid_request', `"${name}" must be ${JSON.stringify(value)}`)
  }
  for (const [name, value] of Object.entries(headers)) {
    if (request.headers.get(name) !== value) {
      return oauthError(400, 'invalid_request', `the header "${name}" must be "${value}"`)
    }
  }
  return undefined
}

function readMembers({ headers, body }: RecordedRequest): Readonly<Record<string, unknown>> | undefined {
  if (isForm(headers) || !/^application\/(?:[\w.-]+\+)?json\b/i.test(headers.get('content-type') ?? ''))
    return undefined
  try {
    const members: unknown = JSON.parse(body)
    return typeof members === 'object' && members !== null && !Array.isArray(members)
      ? (members as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}
