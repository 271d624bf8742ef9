/** A token request as a server reads it, where it departs from RFC 6749 section 4.4.2. */
import { isDeepStrictEqual } from 'node:util'
import type { Answer } from './faults.ts'
import { isForm, type RecordedRequest } from './recorded-request.ts'
import { oauthError, refuseMalformed } from './rfc6749.ts'

/** How the token endpoint wants to be asked. */
export interface EmulatedTokenRequest {
  /** Default `'POST'`; a `'GET'` has its parameters in the query. */
  readonly method?: 'POST' | 'GET'
  /** Default `'form'`; `'none'`: the parameters are in the query. */
  readonly bodyFormat?: 'form' | 'json' | 'none'
  /** Default `'client_credentials'`; `null`: the request has none. */
  readonly grantType?: string | null
  /** Default a space. */
  readonly scopeSeparator?: string
  /** What else must be sent, with these very values: an audience, an API version; in JSON, members that are nested, too. */
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Headers that must be sent, with these very values. */
  readonly headers?: Readonly<Record<string, string>>
  /** What the client id is called in the body or query; default `'client_id'`. */
  readonly clientIdParameter?: string
  /** What the client secret is called in the body or query; default `'client_secret'`. */
  readonly clientSecretParameter?: string
}

/** The parameters of a request: of a form, the members of a JSON body, or the query. */
export type ReadParameters = (name: string) => string | undefined

/** A request that could be read. */
export interface SentParameters {
  readonly parameter: ReadParameters
  /** The members of a JSON body, as they are. */
  readonly members?: Readonly<Record<string, unknown>>
}

/** Reads a request's parameters, or says in an answer why it cannot. */
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
    // RFC 6749 section 3.2: a parameter without a value is one that was not sent.
    return { members, parameter: (name) => (Object.hasOwn(members, name) && String(members[name])) || undefined }
  }
  if (format === 'none') return { parameter: (name) => request.query.get(name) || undefined }
  const refusal = refuseMalformed(request)
  return refusal === undefined ? { parameter: (name) => request.form.get(name) || undefined } : { refusal }
}

/** What a request lacks of what the endpoint wants besides credentials and scope. */
export function refuseDeparture(
  request: RecordedRequest,
  { parameter, members }: SentParameters,
  wanted: EmulatedTokenRequest,
): Answer | undefined {
  const { grantType = 'client_credentials', parameters = {}, headers = {} } = wanted
  const sent = parameter('grant_type')
  if (grantType === null && sent !== undefined) return oauthError(400, 'invalid_request', 'grant_type is not known')
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
