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

/** What signs the proofs of API requests; loaded once, because importing a module again takes as long as signing. */
interface Signer {
  readonly SignJWT: typeof import('jose/jwt/sign').SignJWT
  readonly encode: typeof import('jose/base64url').encode
  readonly privateKey: PrivateKey
  readonly header: { readonly typ: string; readonly alg: string; readonly jwk: JWK }
}

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
  #signer: Signer | undefined

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
    const key = await this.#loadKey()
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
    const { SignJWT, encode, privateKey, header } = await this.#loadSigner()
    const htu = `${url.origin}${url.pathname}`
    const ath = encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token.value))))
    return await new SignJWT({ jti: crypto.randomUUID(), htm: method, htu, ath, ...this.#claimsFor(url) })
      .setProtectedHeader(header)
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
   * After a server has rejected a proof: uses the server's time in the next ones, by its `Date`.
   *
   * @param date the answer's `Date` header, which has just arrived
   * @returns whether the next proof will hold another time than this one
   */
  adoptServerTime(url: URL, date: string | null): boolean {
    // `Date` has whole seconds: less than one is no difference.
    const clockOffset = Math.trunc((Date.parse(date ?? '') - this.#now()) / 1000) * 1000
    if (Number.isNaN(clockOffset) || clockOffset === this.clockOffset(url)) return false
    this.#update(url, { clockOffset })
    return true
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

  async #loadKey(): Promise<DpopKeyPair> {
    if (this.#key !== undefined) return this.#key
    const generated = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
    // Concurrent first calls must agree on one generated key.
    this.#key ??= generated
    return this.#key
  }

  async #loadSigner(): Promise<Signer> {
    if (this.#signer !== undefined) return this.#signer
    const [{ SignJWT }, { encode }] = await Promise.all([import('jose/jwt/sign'), import('jose/base64url')])
    const { privateKey, publicKey } = await this.#loadKey()
    const jwk = publicMembers(await crypto.subtle.exportKey('jwk', publicKey))
    // `Ed25519`, not `EdDSA`: openid-client's proofs of the same key say so, too.
    const alg = algorithmsOf(privateKey).at(-1) ?? ''
    this.#signer = { SignJWT, encode, privateKey, header: { typ: 'dpop+jwt', alg, jwk } }
    return this.#signer
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

function publicMembers({ kty, crv, x, y, n, e, ...rest }: JsonWebKey): JWK {
  const { pub, alg } = rest as { readonly pub?: string; readonly alg?: string }
  const members = { kty, crv, x, y, n, e, pub, ...(kty === 'AKP' && { alg }) }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JWK
}
