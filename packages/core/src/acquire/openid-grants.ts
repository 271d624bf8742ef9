import type { DpopProofs } from './dpop.ts'

type OpenidClient = typeof import('openid-client')
type Configuration = InstanceType<OpenidClient['Configuration']>

/** The two seams at which a grant of openid-client's is ours. */
export interface Exchange {
  /** Makes the request ready; openid-client's own is not sent. */
  prepare(): Promise<void>
  /**
   * Sends it.
   *
   * @param proof of possession, where the token is to be bound
   * @returns the answer in RFC 6749's form
   */
  send(proof: string | undefined): Promise<Response>
}

/** Where a grant is asked for, as far as openid-client needs to know. */
interface Endpoint {
  readonly url: URL
  readonly issuer: URL | undefined
}

/** The parameter that tells whose grant it is. It is openid-client's alone: what is sent is ours. */
const mark = 'exchange'

/**
 * openid-client as a provider's grants use it: loaded and set up when the first is made, and not with each of them, since both
 * take longer than the rest of a grant's work.
 */
export class OpenidGrants {
  readonly #exchanges = new Map<string, Exchange>()
  #openid: OpenidClient | undefined
  #setUp: { readonly endpoint: Endpoint; readonly configuration: Configuration } | undefined
  #made = 0

  /**
   * Has openid-client make a grant, and judge its answer.
   *
   * @throws what the exchange throws, or what openid-client does of the answer
   */
  async make(endpoint: Endpoint, exchange: Exchange, dpop: DpopProofs | undefined): Promise<void> {
    const openid = this.#openid ?? (await import('openid-client'))
    this.#openid = openid
    if (this.#setUp?.endpoint !== endpoint) this.#setUp = { endpoint, configuration: this.#configure(openid, endpoint) }
    const { configuration } = this.#setUp
    this.#made += 1
    const name = String(this.#made)
    let failure: unknown
    const keepFailure = async <T>(work: Promise<T>): Promise<T> => {
      try {
        return await work
      } catch (error) {
        failure = error
        throw error
      }
    }
    this.#exchanges.set(name, {
      prepare: () => keepFailure(exchange.prepare()),
      send: (proof) => keepFailure(exchange.send(proof)),
    })
    try {
      await openid.clientCredentialsGrant(configuration, { [mark]: name }, dpop && { DPoP: await dpop.handle() })
    } catch (error) {
      // Its own errors hold the answer, token and all, as their cause (rule X1).
      throw failure ?? new TypeError(`openid-client: ${error instanceof Error ? error.message : 'no grant'}`)
    } finally {
      this.#exchanges.delete(name)
    }
  }

  #configure(openid: OpenidClient, { url, issuer }: Endpoint): Configuration {
    const configuration = new openid.Configuration(
      { issuer: (issuer ?? url).href, token_endpoint: url.href },
      // Of no account: our own client authentication writes who asks.
      'client',
      undefined,
      (_server, _client, body) => this.#find(body).prepare(),
    )
    // The deadline is ours: openid-client's own would leave a timer behind each grant.
    configuration.timeout = undefined
    // Plain http was judged when the client was created: loopback, or permitted by an option.
    openid.allowInsecureRequests(configuration)
    configuration[openid.customFetch] = (_url, { body, headers }) => this.#find(body).send(headers.dpop)
    return configuration
  }

  #find(body: unknown): Exchange {
    const exchange = body instanceof URLSearchParams ? this.#exchanges.get(body.get(mark) ?? '') : undefined
    if (exchange === undefined) throw new TypeError('openid-client asks for a grant that nobody makes')
    return exchange
  }
}
