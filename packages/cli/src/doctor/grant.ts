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

/** A request that was answered, as the wire showed it. */
interface Exchange {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  /** Milliseconds since the epoch. */
  readonly sentAt: number
  readonly answeredAt: number
  /** The body; `undefined` where it broke off, or was not kept. May hold a token: to be read, never to be shown. */
  readonly text: Promise<string | undefined>
}

/** One token request, and all that came of it. */
export interface Grant {
  readonly client: Client
  readonly provider: Provider
  readonly token: AccessToken | undefined
  readonly failure: NightlatchError | undefined
  /** The answer to the token request; `undefined` where there was none. */
  readonly exchange: Exchange | undefined
  /** Answers of the issuer's metadata. */
  readonly metadata: readonly Exchange[]
  /** Where the API was found to be, once the client has discovered it. */
  readonly baseUrl: () => URL | undefined
  /** Token requests sent so far: a refused token is replaced. */
  readonly tokenRequests: () => number
}

/** What a token is asked for with. */
interface GrantTerms {
  readonly credentials: Credentials
  /** Seconds. */
  readonly timeout: number
  readonly output: Output
  /** What a configuration file says besides; not where tokens are shared, for the way to one is what is looked at. */
  readonly options?: Omit<ClientOptions, 'store'> | undefined
}

/**
 * Makes one token request, whatever comes of it: no repetition, so that a doctor does not hammer what is ill already.
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

  /** A server may want to see a nonce in a proof, and names it in its first answer. */
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
        throw new TypeError('the token was asked for already')
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
    // A first attempt gets two thirds of it: that is what the flag means here.
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

const longest = 1024 * 1024

async function readText(response: Response): Promise<string | undefined> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true })
      if (text.length > longest) return undefined
    }
    return text + decoder.decode()
  } catch {
    return undefined
  }
}
