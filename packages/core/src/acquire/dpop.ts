import type { AccessToken } from './access-token.ts'

/** What openid-client proves possession with. */
type Handle = ReturnType<typeof import('openid-client').getDPoPHandle>

/** A `CryptoKeyPair`, by a way to say it that needs no DOM types. */
export type DpopKeyPair = Parameters<typeof import('openid-client').getDPoPHandle>[1]

/** As many origins as openid-client remembers. */
const mostNonces = 100

/**
 * Proofs of possession of one key, a new one for each request; they hold the newest nonce of the origin they are for.
 * openid-client makes and signs them.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-4 RFC 9449 section 4}
 */
export class DpopProofs {
  readonly #now: () => number
  readonly #nonces = new Map<string, string>()
  #key: DpopKeyPair | undefined
  #handle: Handle | undefined

  /**
   * @param key `undefined`: one is made when first needed, for ES256, and never leaves this object
   * @param now milliseconds since the epoch
   */
  constructor(key: DpopKeyPair | undefined, now: () => number) {
    this.#key = key
    this.#now = now
  }

  /** The key's thumbprint, by RFC 7638: part of what a token is, for it is of no use with another key. */
  async thumbprint(): Promise<string> {
    return await (await this.handle()).calculateThumbprint()
  }

  /** For grants, which openid-client proves itself. */
  async handle(): Promise<Handle> {
    const handle = this.#handle ?? (await this.#open())
    this.#handle ??= handle
    return this.#handle
  }

  /**
   * A proof for one request to the API.
   *
   * @param method as it is sent
   */
  async prove(url: URL, method: string, token: AccessToken): Promise<string> {
    const openid = await import('openid-client')
    let proof: string | undefined
    const configuration = new openid.Configuration({ issuer: url.origin }, 'unused')
    openid.allowInsecureRequests(configuration)
    configuration.timeout = undefined
    configuration[openid.customFetch] = async (_url, { headers }) => {
      proof = headers.dpop
      return new Response()
    }
    const DPoP = await this.handle()
    await openid.fetchProtectedResource(configuration, token.value, url, method, undefined, undefined, { DPoP })
    if (proof === undefined) throw new TypeError('openid-client made no proof')
    return proof
  }

  /**
   * Remembers the nonce that an origin wants to see next; any answer may hold one.
   *
   * @returns whether there was one
   * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-8.2 RFC 9449 section 8.2}
   */
  learn({ origin }: URL, nonce: string | null | undefined): boolean {
    if (nonce === null || nonce === undefined || nonce === '') return false
    this.#nonces.delete(origin)
    this.#nonces.set(origin, nonce)
    const [oldest] = this.#nonces.keys()
    if (this.#nonces.size > mostNonces && oldest !== undefined) this.#nonces.delete(oldest)
    return true
  }

  async #open(): Promise<Handle> {
    const openid = await import('openid-client')
    const key = this.#key ?? (await openid.randomDPoPKeyPair('ES256'))
    // Whoever came first made it.
    this.#key ??= key
    const configuration = new openid.Configuration({ issuer: 'https://unused.invalid' }, 'unused')
    return openid.getDPoPHandle(configuration, this.#key, {
      [openid.modifyAssertion]: (_header, payload) => {
        const nonce = this.#nonces.get(new URL(String(payload.htu)).origin)
        if (nonce === undefined) delete payload.nonce
        else payload.nonce = nonce
        payload.iat = Math.floor(this.#now() / 1000)
      },
    })
  }
}
