import type { AccessToken } from '../acquire/access-token.ts'
import type { InFlightRequests } from '../platform/in-flight-requests.ts'
import { cacheOrigin } from './allowed-origins.ts'
import { authorizationOf, credentialsIn, isBearerOnly, putToken, type RequestTokenParts } from './put-token.ts'
import { type RepeatOptions, Repeats } from './repeats.ts'
import { withoutSecrets } from './transport-error.ts'

/** Authorizes one request that an HTTP client other than `fetch` makes. */
export type Authorize = (url: string | URL, options?: AuthorizeOptions) => Promise<Authorization | undefined>

/** Creates `client.authorize`, which makes the same checks as `client.fetch`. */
export function createAuthorize(parts: AuthorizationParts): Authorize {
  const isAllowed = cacheOrigin(parts.origins)
  // A request to the token endpoint itself never carries a token.
  const { tokenEndpoint } = parts.provider
  const tokenEndpointHref = tokenEndpoint === undefined ? undefined : new URL(tokenEndpoint).href
  return async (url, { method = 'GET', signal, foreignOrigins } = {}) => {
    const address = typeof url === 'string' ? url : url.href
    if (address === tokenEndpointHref || parts.ownRequests.has(address)) return undefined
    if (!isAllowed(address)) {
      if (foreignOrigins === 'passThrough') return undefined
      throw parts.origins.refuse(new URL(address))
    }
    const token = await parts.tokens.next(signal)
    const request: AuthorizedRequest = { address, method, repeats: undefined }
    const headers = isBearerOnly(parts) ? bearerHeaders(token) : await headersFor(parts, request, token)
    return new RequestAuthorization(parts, request, token, headers)
  }
}

/** Options of `client.authorize`. */
export interface AuthorizeOptions {
  /** The request's method; a DPoP proof is valid for one method only. Default `'GET'`. */
  readonly method?: string
  /** Ends this caller's wait, never the shared grant. */
  readonly signal?: AbortSignal
  /**
   * What happens if the URL's origin is not allowed. `'reject'` throws `origin_refused`; `'passThrough'` resolves to `undefined`,
   * so that an interceptor of all requests sends this one without a token. Default `'reject'`.
   */
  readonly foreignOrigins?: 'reject' | 'passThrough'
}

/** The authorization of one request. Prints, serialises and inspects as redacted. */
export interface Authorization {
  readonly token: AccessToken
  /** The headers to set on the request, by lower-case names; not enumerable. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Removes the token from an error of your HTTP client, which may quote the request or the response.
   *
   * @param error the error that your HTTP client threw
   * @returns the error itself if it contains no secret, else a copy of the same class, with the same `name`, `code` and `cause` chain
   */
  redactError(error: unknown): unknown
  /**
   * Handles the API's response; call it for every response, of any status.
   *
   * @param response status, headers and, for a provider with `tokenRejection.body`, the JSON body
   * @param options.signal ends this caller's wait
   * @param options.repeatable whether the request's body can be sent again. If not, a rejected token is replaced for the next
   * request. Default `true`
   * @returns the authorization to send the request with again; `undefined` if the response is final
   * @throws NightlatchError as `client.token`
   */
  handleResponse(response: ApiResponse, options?: RepeatOptions): Promise<Authorization | undefined>
}

/** The part of an API's response that an authorization reads. */
export interface ApiResponse {
  readonly status: number
  /** `Headers`, or a record with lower-case names. Default: none. */
  readonly headers?: Pick<Headers, 'get'> | Readonly<Record<string, string | readonly string[] | undefined>>
  /** Parsed JSON; only read for a provider with `tokenRejection.body`. */
  readonly body?: unknown
}

/** The dependencies of `client.authorize`. */
export interface AuthorizationParts extends RequestTokenParts {
  /** The client's own requests to the authorization server, which must not wait for a token. */
  readonly ownRequests: InFlightRequests
}

/** One request, through all its attempts. */
interface AuthorizedRequest {
  readonly address: string
  readonly method: string
  /** Created with the first response that may lead to another attempt. */
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

/** @param isWhole whether the provider's `tokenRejection.body` will read them, which expects `Headers` */
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
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) {
      try {
        headers.append(name, one)
      } catch {
        // `Headers` throws for pseudo-headers of HTTP/2 (`:status`) and for values decoded as UTF-8, which some HTTP clients pass on.
      }
    }
  }
  return headers
}
