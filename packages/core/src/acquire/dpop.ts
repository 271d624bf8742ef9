import type { JWK } from 'jose'
import type { AccessToken } from './access-token.ts'
import { algorithmsOf, findKeyMistake, type PrivateKey } from './private-key.ts'

/** A `CryptoKeyPair`, spelt so that it needs no DOM types. */
export interface DpopKeyPair {
  readonly privateKey: PrivateKey
  readonly publicKey: PrivateKey
}

/** What openid-client signs the proofs of its token requests with. */
type Handle = ReturnType<typeof import('openid-client').getDPoPHandle>

/** What is known of a server that proofs are for. */
interface ServerState {
  readonly nonce?: string
  /** Milliseconds by which its clock is ahead of this machine's. */
  readonly clockOffset?: number
}

/** State is kept for this many origins; the least recently updated goes first. */
const maxOrigins = 100

/**
 * DPoP proofs by one key, a new one for each request. Each holds the latest nonce of the origin it is for.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-4 RFC 9449 section 4}
 */
export class DpopProofs {
  readonly #now: () => number
  readonly #servers = new Map<string, ServerState>()
  #key: DpopKeyPair | undefined
  #handle: Handle | undefined
  #jwk: JWK | undefined

  /**
   * @param key default: an ES256 key generated on first use, which never leaves this object
   * @param now milliseconds since the epoch
   */
  constructor(key: DpopKeyPair | undefined, now: () => number) {
    this.#key = key
    this.#now = now
  }

  /** The key's RFC 7638 thumbprint. It is part of a token's identity, because the token works with no other key. */
  async thumbprint(): Promise<string> {
    return await (await this.handle()).calculateThumbprint()
  }

  /** For openid-client, which makes the proofs of token requests. */
  async handle(): Promise<Handle> {
    if (this.#handle !== undefined) return this.#handle
    const openid = await import('openid-client')
    const key = await this.#load()
    const configuration = new openid.Configuration({ issuer: 'https://unused.invalid' }, 'unused')
    const handle = openid.getDPoPHandle(configuration, key, {
      [openid.modifyAssertion]: (_header, payload) => {
        Object.assign(payload, this.#claimsFor(new URL(String(payload.htu))))
      },
    })
    this.#handle ??= handle
    return this.#handle
  }

  /**
   * A proof for one request to the API. openid-client makes these only for requests that it sends itself.
   *
   * @param method as it is sent
   */
  async prove(url: URL, method: string, token: AccessToken): Promise<string> {
    const { SignJWT } = await import('jose/jwt/sign')
    const { privateKey, publicKey } = await this.#load()
    this.#jwk ??= publicMembers(await crypto.subtle.exportKey('jwk', publicKey))
    const htu = `${url.origin}${url.pathname}`
    const ath = await hash(token.value)
    return await new SignJWT({ jti: crypto.randomUUID(), htm: method, htu, ath, ...this.#claimsFor(url) })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: proofAlgorithm(privateKey), jwk: this.#jwk })
      .sign(privateKey)
  }

  /**
   * Stores the nonce that an origin wants to see next; any answer may carry one.
   *
   * @returns whether there was one
   * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-8.2 RFC 9449 section 8.2}
   */
  learn(url: URL, nonce: string | null | undefined): boolean {
    if (nonce === null || nonce === undefined || nonce === '') return false
    this.#update(url, { nonce })
    return true
  }

  /**
   * After a server has rejected a proof: uses the server's time in the next ones, if its `Date` differs from this machine's.
   *
   * @param date the answer's `Date` header, which has just arrived
   * @returns seconds by which the server's clock is ahead; `undefined` if the clocks agree or the header is missing
   */
  adoptServerTime(url: URL, date: string | null): number | undefined {
    // `Date` has whole seconds: less than one is no difference.
    const seconds = Math.trunc((Date.parse(date ?? '') - this.#now()) / 1000)
    if (Number.isNaN(seconds) || seconds === 0) return undefined
    this.#update(url, { clockOffset: seconds * 1000 })
    return seconds
  }

  /** Milliseconds added to this machine's time in proofs for this origin. */
  clockOffset({ origin }: URL): number {
    return this.#servers.get(origin)?.clockOffset ?? 0
  }

  #claimsFor(url: URL): { readonly iat: number; readonly nonce?: string } {
    const nonce = this.#servers.get(url.origin)?.nonce
    const iat = Math.floor((this.#now() + this.clockOffset(url)) / 1000)
    return { iat, ...(nonce !== undefined && { nonce }) }
  }

  #update({ origin }: URL, change: ServerState): void {
    const state = { ...this.#servers.get(origin), ...change }
    this.#servers.delete(origin)
    this.#servers.set(origin, state)
    const [oldest] = this.#servers.keys()
    if (this.#servers.size > maxOrigins && oldest !== undefined) this.#servers.delete(oldest)
  }

  async #load(): Promise<DpopKeyPair> {
    if (this.#key !== undefined) return this.#key
    const generated = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
    // Concurrent first calls must agree on one generated key.
    this.#key ??= generated
    return this.#key
  }
}

/** What keeps a value from being a DPoP key pair, in words; `undefined` if nothing does. */
export function findDpopKeyMistake(value: unknown): string | undefined {
  const { privateKey, publicKey } = (value ?? {}) as Partial<DpopKeyPair>
  if (privateKey?.usages?.includes('sign') !== true || publicKey?.extractable !== true) {
    return 'must be a CryptoKeyPair that signs, with an extractable public key'
  }
  const mistake = findKeyMistake(privateKey)
  return mistake === undefined ? undefined : `has a privateKey that ${mistake}`
}

/** Ed25519 keys sign under the name that openid-client uses, too. */
function proofAlgorithm(key: PrivateKey): string {
  return algorithmsOf(key).at(-1) ?? ''
}

function publicMembers({ kty, crv, x, y, n, e, ...rest }: JsonWebKey): JWK {
  const { pub, alg } = rest as { readonly pub?: string; readonly alg?: string }
  const members = { kty, crv, x, y, n, e, pub, ...(kty === 'AKP' && { alg }) }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JWK
}

async function hash(text: string): Promise<string> {
  const { encode } = await import('jose/base64url')
  return encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
}
