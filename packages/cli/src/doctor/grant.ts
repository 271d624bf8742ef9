import {
  type AccessToken,
  type Client,
  type ClientOptions,
  type Credentials,
  createClient,
  type Fetch,
  NightlatchError,
  type Provider,
} from '@nightlatch/core'
import { createHidingFetch } from '../connect.ts'
import type { Output } from '../output/output.ts'

/** A request and its response. */
interface Exchange {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  /** Milliseconds since the epoch. */
  readonly sentAt: number
  readonly answeredAt: number
  /** The body; `undefined` if it broke off or is too long. It may hold a token, so it must not be shown. */
  readonly text: Promise<string | undefined>
}

/** One token request and its result. */
export interface Grant {
  readonly client: Client
  readonly provider: Provider
  readonly token: AccessToken | undefined
  readonly failure: NightlatchError | undefined
  /** The exchange with the token endpoint; `undefined` if there was no response. */
  readonly exchange: Exchange | undefined
  /** Requests for the issuer's metadata. */
  readonly metadata: readonly Exchange[]
  /** The API's base URL, once it is known. */
  readonly baseUrl: () => URL | undefined
  /** Token requests sent so far. A rejected token causes another one. */
  readonly tokenRequests: () => number
}

/** Options of a token request. */
interface GrantTerms {
  readonly credentials: Credentials
  /** Seconds. */
  readonly timeout: number
  readonly output: Output
  /** Other options of a configured client. A store is left out, because a cached token would hide the token request. */
  readonly options?: Omit<ClientOptions, 'store'> | undefined
}

/**
 * Sends one token request, without retries, so that doctor adds no load to a failing server.
 *
 * @throws NightlatchError `invalid_options`
 */
export async function askForGrant(provider: Provider, terms: GrantTerms): Promise<Grant> {
  const { credentials, timeout, output, options } = terms
  const hidingFetch = createHidingFetch(output, options?.fetch)
  const exchanges: Exchange[] = []
  let tokenRequests = 0
  let tokenUrl: string | undefined
  let isOver = false
  let baseUrl: URL | undefined

  /** With DPoP, the first response may require a nonce, which takes a second request. */
  const isNonceGiven = (): boolean =>
    provider.dpop === true && exchanges.findLast(({ url }) => !isMetadata(url))?.headers.has('dpop-nonce') === true

  const fetch: Fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    if (isOver) {
      if (url.href === tokenUrl) tokenRequests += 1
      return hidingFetch(input, init)
    }
    if (!isMetadata(url)) {
      if (tokenRequests > 0 && !(tokenRequests === 1 && isNonceGiven()))
        throw new TypeError('the token was requested already')
      tokenRequests += 1
      tokenUrl = url.href
    }
    const sentAt = Date.now()
    const response = await hidingFetch(input, init)
    const { status, headers } = response
    exchanges.push({ url, status, headers, sentAt, answeredAt: Date.now(), text: readText(response.clone()) })
    return response
  }

  const stopping = new AbortController()
  const client = createClient(provider, {
    ...options,
    credentials,
    fetch,
    // The core gives a first attempt two thirds of the timeout, so this makes it the value of the flag.
    timeout: Math.min(timeout * 1.5, 600),
    onEvent(event) {
      if (event.type === 'grant.retried') stopping.abort(event.error)
      if (event.type === 'api.discovered') baseUrl = new URL(event.baseUrl)
    },
  })
  let token: AccessToken | undefined
  let failure: NightlatchError | undefined
  try {
    token = await client.token({ signal: stopping.signal })
    output.hide(token.value)
  } catch (thrown) {
    if (!(thrown instanceof NightlatchError)) throw thrown
    failure = thrown
  }
  isOver = true
  return {
    client,
    provider,
    token,
    failure,
    exchange: exchanges.findLast(({ url }) => !isMetadata(url)),
    metadata: exchanges.filter(({ url }) => isMetadata(url)),
    baseUrl: () => baseUrl ?? (isAddress(provider.api) ? new URL(provider.api) : undefined),
    tokenRequests: () => tokenRequests,
  }
}

function isMetadata({ pathname }: URL): boolean {
  return pathname.includes('/.well-known/')
}

function isAddress(api: Provider['api']): api is string | URL {
  return typeof api === 'string' || api instanceof URL
}

const maxLength = 1024 * 1024

async function readText(response: Response): Promise<string | undefined> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true })
      if (text.length > maxLength) return undefined
    }
    return text + decoder.decode()
  } catch {
    return undefined
  }
}
