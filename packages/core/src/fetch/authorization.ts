import type { AccessToken } from '../acquire/access-token.ts'
import type { RequestsUnderWay } from '../platform/requests-under-way.ts'
import { type OriginCheck, rememberOrigin } from './allowed-origins.ts'
import {
  authorizationOf,
  isByAuthorizationAlone,
  putToken,
  type RepeatOptions,
  Repeats,
  type RequestTokenParts,
  refuseOrigin,
} from './request-token.ts'

/** What one request is, as far as its authorization depends on it. */
export interface AuthorizeOptions {
  /** As it is sent; a proof of possession is of one method. Default `'GET'`. */
  readonly method?: string
  /** Ends this caller's wait, never the shared grant. */
  readonly signal?: AbortSignal
  /**
   * What becomes of a URL that may not see the token: it is refused, or the request goes out without one, for clients that
   * make all of a process's requests. Default `'refuse'`.
   */
  readonly elsewhere?: 'refuse' | 'pass'
}

/** An API's answer, as far as an authorization looks at it. */
export interface AnsweredRequest {
  readonly status: number
  /** Its headers, by lower-case names where it is a record. */
  readonly headers?: Pick<Headers, 'get'> | Readonly<Record<string, string | readonly string[] | undefined>>
}

/** What authorises one request. Prints, serialises and inspects as redacted. */
export interface Authorization {
  readonly token: AccessToken
  /** The headers to set on the request, by lower-case names; not enumerable. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Looks at the API's answer; wants to see every one of them, whatever its status.
   *
   * @param answer status and headers
   * @param options.signal ends this caller's wait
   * @param options.repeatable whether the request's body can be sent again; where it cannot, no other token is asked for.
   * Default true
   * @returns what to send the request with once more; `undefined`: the answer stands
   * @throws NightlatchError what `token` throws
   */
  answered(answer: AnsweredRequest, options?: RepeatOptions): Promise<Authorization | undefined>
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
  const isPlain = isByAuthorizationAlone(parts)
  return async (url, { method = 'GET', signal, elsewhere = 'refuse' } = {}) => {
    const address = typeof url === 'string' ? url : url.href
    if (address === asksForToken || parts.underWay.has(address)) return undefined
    if (!mayReceiveToken(address)) {
      if (elsewhere === 'pass') return undefined
      throw refuseOrigin(parts.provider, new URL(address), parts.emit)
    }
    const token = await parts.token(signal && { signal })
    const request: AuthorizedRequest = { address, method, repeats: undefined }
    const headers = isPlain ? plainHeaders(token) : await headersFor(parts, request, token)
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

function plainHeaders(token: AccessToken): Readonly<Record<string, string>> {
  return { authorization: authorizationOf(token) }
}

async function headersFor(
  parts: RequestTokenParts,
  { address, method }: AuthorizedRequest,
  token: AccessToken,
): Promise<Readonly<Record<string, string>>> {
  if (isByAuthorizationAlone(parts)) return plainHeaders(token)
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

  async answered(
    { status, headers = {} }: AnsweredRequest,
    options: RepeatOptions = {},
  ): Promise<Authorization | undefined> {
    const parts = this.#parts
    const request = this.#request
    if (status !== 401 && parts.dpop === undefined) return undefined
    request.repeats ??= new Repeats(parts)
    const answer = { status, headers: readable(headers) }
    const next = await request.repeats.next(answer, this.token, new URL(request.address), options)
    if (next === undefined) return undefined
    return new RequestAuthorization(parts, request, next, await headersFor(parts, request, next))
  }
}

function readable(headers: NonNullable<AnsweredRequest['headers']>): Pick<Headers, 'get'> {
  if (typeof headers.get === 'function') return headers as Pick<Headers, 'get'>
  const record = headers as Readonly<Record<string, string | readonly string[] | undefined>>
  return {
    get(name) {
      const value = record[name]
      return typeof value === 'string' ? value : (value?.join(', ') ?? null)
    },
  }
}
