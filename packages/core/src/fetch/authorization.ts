import type { AccessToken } from '../acquire/access-token.ts'
import type { RequestsUnderWay } from '../platform/requests-under-way.ts'
import { type OriginCheck, rememberOrigin } from './allowed-origins.ts'
import {
  authorizationOf,
  credentialsIn,
  isBearerOnly,
  putToken,
  type RepeatOptions,
  Repeats,
  type RequestTokenParts,
  refuseOrigin,
} from './request-token.ts'
import { withoutSecrets } from './transport-error.ts'

/** What one request is, as far as its authorization depends on it. */
export interface AuthorizeOptions {
  /** As it is sent; a proof of possession is of one method. Default `'GET'`. */
  readonly method?: string
  /** Ends this caller's wait, never the shared grant. */
  readonly signal?: AbortSignal
  /**
   * What happens if the token is not allowed to go to the URL's origin. `'reject'`, the default: an error with the code
   * `origin_refused`. `'passThrough'`: `undefined`, so that the request goes out without a token, for clients that make all of a
   * process's requests.
   */
  readonly foreignOrigins?: 'reject' | 'passThrough'
}

/** An API's response, as far as an authorization looks at it. */
export interface ApiResponse {
  readonly status: number
  /** A record has lower-case names. */
  readonly headers?: Pick<Headers, 'get'> | Readonly<Record<string, string | readonly string[] | undefined>>
  /** Parsed JSON. Only a provider with `tokenRejection.body` looks at it. */
  readonly body?: unknown
}

/** What authorises one request. Prints, serialises and inspects as redacted. */
export interface Authorization {
  readonly token: AccessToken
  /** The headers to set on the request, by lower-case names; not enumerable. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Takes the token out of an error of your HTTP client: such errors quote what was sent, or what the server sent back.
   *
   * @param error what your HTTP client threw
   * @returns the error itself if it quotes nothing, else a copy of the same class, with the same `name`, `code` and `cause` chain
   */
  redactError(error: unknown): unknown
  /**
   * Handles the API's response: call it for each one, whatever its status.
   *
   * @param response status, headers and, for a provider with `tokenRejection.body`, the JSON body
   * @param options.signal ends this caller's wait
   * @param options.repeatable whether the request's body can be sent again. If it cannot, a rejected token is replaced for the
   * next request. Default true
   * @returns what to send the request with once more; `undefined`: the response is final
   * @throws NightlatchError what `token` throws
   */
  handleResponse(response: ApiResponse, options?: RepeatOptions): Promise<Authorization | undefined>
}

/** Authorises requests that something other than `fetch` makes. */
export type Authorize = (url: string | URL, options?: AuthorizeOptions) => Promise<Authorization | undefined>

/** What authorising takes. */
export interface AuthorizationParts extends RequestTokenParts {
  readonly mayReceiveToken: OriginCheck
  /** The client's own to the authorization server; they need no token, and must not wait for one. */
  readonly underWay: RequestsUnderWay
}

/** Authorises requests, with the guards of `client.fetch`. */
export function createAuthorize(parts: AuthorizationParts): Authorize {
  const mayReceiveToken = rememberOrigin(parts.mayReceiveToken)
  // Nobody takes a token where tokens are asked for: what goes there is another client's request, or a person's look.
  const { tokenEndpoint } = parts.provider
  const asksForToken = tokenEndpoint === undefined ? undefined : new URL(tokenEndpoint).href
  return async (url, { method = 'GET', signal, foreignOrigins = 'reject' } = {}) => {
    const address = typeof url === 'string' ? url : url.href
    if (address === asksForToken || parts.underWay.has(address)) return undefined
    if (!mayReceiveToken(address)) {
      if (foreignOrigins === 'passThrough') return undefined
      throw refuseOrigin(parts, new URL(address))
    }
    const token = await parts.tokens.next(signal)
    const request: AuthorizedRequest = { address, method, repeats: undefined }
    const headers = isBearerOnly(parts) ? bearerHeaders(token) : await headersFor(parts, request, token)
    return new RequestAuthorization(parts, request, token, headers)
  }
}

/** A request and how often it may go out again, through all its tries. */
interface AuthorizedRequest {
  readonly address: string
  readonly method: string
  /** Made when it is first answered with a refusal. */
  repeats: Repeats | undefined
}

function bearerHeaders(token: AccessToken): Readonly<Record<string, string>> {
  return { authorization: authorizationOf(token) }
}

async function headersFor(
  parts: RequestTokenParts,
  { address, method }: AuthorizedRequest,
  token: AccessToken,
): Promise<Readonly<Record<string, string>>> {
  if (isBearerOnly(parts)) return bearerHeaders(token)
  const headers = new Headers()
  await putToken(parts, headers, token, { url: new URL(address), method })
  return Object.fromEntries(headers)
}

class RequestAuthorization implements Authorization {
  readonly #parts: RequestTokenParts
  readonly #request: AuthorizedRequest
  readonly #headers: Readonly<Record<string, string>>
  readonly token: AccessToken

  constructor(
    parts: RequestTokenParts,
    request: AuthorizedRequest,
    token: AccessToken,
    headers: Readonly<Record<string, string>>,
  ) {
    this.#parts = parts
    this.#request = request
    this.#headers = headers
    this.token = token
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#headers
  }

  redactError(error: unknown): unknown {
    return withoutSecrets(error, [this.token.value, ...Object.values(this.#headers).map(credentialsIn)])
  }

  toJSON(): Record<string, unknown> {
    return { token: this.token }
  }

  [Symbol.for('nodejs.util.inspect.custom')](): Record<string, unknown> {
    return this.toJSON()
  }

  async handleResponse(
    { status, headers = {}, body }: ApiResponse,
    options: RepeatOptions = {},
  ): Promise<Authorization | undefined> {
    const parts = this.#parts
    const request = this.#request
    if (status !== 401 && parts.dpop === undefined && parts.provider.tokenRejection === undefined) {
      parts.tokens.accept(status, request.address)
      return undefined
    }
    request.repeats ??= new Repeats(parts)
    const answer = { status, headers: readable(headers, body !== undefined), body }
    const next = await request.repeats.next(answer, this.token, new URL(request.address), options)
    if (next === undefined) return undefined
    return new RequestAuthorization(parts, request, next, await headersFor(parts, request, next))
  }
}

/** @param isWhole whether a function of the provider's is going to read them, which expects `Headers` */
function readable(headers: NonNullable<ApiResponse['headers']>, isWhole: boolean): Pick<Headers, 'get'> {
  if (typeof headers.get === 'function') return headers as Pick<Headers, 'get'>
  const record = headers as Readonly<Record<string, string | readonly string[] | undefined>>
  if (isWhole) return toHeaders(record)
  return {
    get(name) {
      const value = record[name]
      return typeof value === 'string' ? value : (value?.join(', ') ?? null)
    },
  }
}

function toHeaders(record: Readonly<Record<string, string | readonly string[] | undefined>>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(record)) {
    // HTTP/2 has names that `Headers` refuses, such as `:status`.
    if (name.startsWith(':')) continue
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) headers.append(name, one)
  }
  return headers
}
