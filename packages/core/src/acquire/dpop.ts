import type { JWK } from 'jose'
import { toBase64Url } from '../platform/base64.ts'
import type { AccessToken } from './access-token.ts'
import type { DpopKeyPair } from './dpop-key.ts'
import { algorithmsOf, type PrivateKey } from './private-key.ts'

/**
 * Creates DPoP proofs with one key, a new one for each request, with the latest nonce of the request's origin.
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

  /** The key's RFC 7638 thumbprint, which is part of the cache key, because a token works with its own key only. */
  async thumbprint(): Promise<string> {
    return await (await this.handle()).calculateThumbprint()
  }

  /** The handle for openid-client, which creates the proofs of token requests. */
  async handle(): Promise<Handle> {
    if (this.#handle !== undefined) return this.#handle
    const { createHandle } = await import('./dpop-handle.ts')
    const handle = createHandle(await this.#loadKey(), (url) => this.#claimsFor(url))
    this.#handle ??= handle
    return this.#handle
  }

  /**
   * Creates the proof of one request to the API. openid-client can do this only for requests that it sends itself.
   *
   * @param method the request's method
   */
  async prove(url: URL, method: string, token: AccessToken): Promise<string> {
    const { SignJWT, privateKey, header } = await this.#loadSigner()
    const htu = `${url.origin}${url.pathname}`
    const ath = toBase64Url(
      new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token.value))),
    )
    return await new SignJWT({ jti: crypto.randomUUID(), htm: method, htu, ath, ...this.#claimsFor(url) })
      .setProtectedHeader(header)
      .sign(privateKey)
  }

  /**
   * Stores the nonce for the next proofs of an origin; any response may have one.
   *
   * @returns whether the response has a nonce
   * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-8.2 RFC 9449 section 8.2}
   */
  learn(url: URL, nonce: string | null | undefined): boolean {
    if (nonce === null || nonce === undefined || nonce === '') return false
    this.#update(url, { nonce })
    return true
  }

  /**
   * Adopts the server's time for the next proofs, after the server rejected one.
   *
   * @param date the `Date` header of the response that has just arrived
   * @returns whether the next proof will hold another time
   */
  adoptServerTime(url: URL, date: string | null): boolean {
    // `Date` has whole seconds, so a smaller difference is not one.
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
    if (this.#servers.size > maxOrigins) this.#servers.delete(oldest as string)
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
    const { SignJWT } = await import('jose/jwt/sign')
    const { privateKey, publicKey } = await this.#loadKey()
    const jwk = publicMembers(await crypto.subtle.exportKey('jwk', publicKey))
    // `Ed25519`, not `EdDSA`, as in openid-client's proofs with the same key.
    const alg = algorithmsOf(privateKey).at(-1) as string
    this.#signer = { SignJWT, privateKey, header: { typ: 'dpop+jwt', alg, jwk } }
    return this.#signer
  }
}

/** openid-client's handle for the proofs of its token requests. */
type Handle = import('openid-client').DPoPHandle

/** Signs the proofs of API requests. It is loaded once, because importing a module again takes as long as signing. */
interface Signer {
  readonly SignJWT: typeof import('jose/jwt/sign').SignJWT
  readonly privateKey: PrivateKey
  readonly header: { readonly typ: string; readonly alg: string; readonly jwk: JWK }
}

/** The state of one server that verifies proofs. */
interface ServerState {
  readonly nonce?: string
  /** Milliseconds by which its clock is ahead of this machine's. */
  readonly clockOffset?: number
}

/** State is kept for this many origins; the least recently updated is dropped first. */
const maxOrigins = 100

function publicMembers({ kty, crv, x, y, n, e, ...rest }: JsonWebKey): JWK {
  const { pub, alg } = rest as { readonly pub?: string; readonly alg?: string }
  const members = { kty, crv, x, y, n, e, pub, ...(kty === 'AKP' && { alg }) }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JWK
}
