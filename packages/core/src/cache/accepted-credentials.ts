import { methodName } from '../acquire/authentication-method.ts'
import type { Credentials } from '../acquire/credentials.ts'
import { decodePemBlock, readPemBlocks } from '../acquire/pem.ts'
import { isCryptoKey, type PrivateKey, type PrivateKeyMaterial } from '../acquire/private-key.ts'
import { choosesAuthenticationLater, type Provider } from '../acquire/provider.ts'
import { toBase64, toBase64Url } from '../platform/base64.ts'
import type { StoredToken } from './token-store.ts'

/**
 * Makes an HMAC key from the credentials, which signs a store key. A stored token lists these signatures, so a client can tell
 * whether it may read the token (rule L3), and the list shows no credential.
 *
 * @param subject issuer and subject of the JWT that authenticates the client, if a source returns one
 * @returns `undefined` if nothing in the credentials shows who holds them. A TLS certificate is in the transport alone, and no
 * two signatures of an ECDSA or ML-DSA `CryptoKey` are the same
 */
export async function toProofKey(
  provider: Provider,
  credentials: Credentials,
  subject?: string,
): Promise<PrivateKey | undefined> {
  // The JWTs of a platform change by the hour, so their issuer and subject count as the credential.
  const parts: string[] = subject === undefined ? [] : [`subject ${subject}`]
  if ('clientSecret' in credentials) parts.push(`secret ${credentials.clientSecret}`)
  if ('privateKey' in credentials) {
    const part = await readPrivatePart(credentials.privateKey)
    if (part !== undefined) parts.push(part)
  }
  if (parts.length === 0) {
    // The id alone gets a token from the server for a client without authentication.
    const isPublic = methodName(provider.clientAuthentication, choosesAuthenticationLater(provider)) === 'none'
    if (!isPublic || 'privateKey' in credentials) return undefined
  }
  const material = new TextEncoder().encode(JSON.stringify(parts))
  return await crypto.subtle.importKey('raw', material, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
}

/** Signs a store key: the result stands for the credentials in that key's token, and is of no use for another key. */
export async function digestCredential(proofKey: PrivateKey, storeKey: string): Promise<string> {
  const text = new TextEncoder().encode(`nightlatch: accepted for ${storeKey}`)
  const digest = new Uint8Array(await crypto.subtle.sign('HMAC', proofKey, text))
  return toBase64Url(digest)
}

/** Whether the server accepted the credential of this digest for a stored token. */
export function isAcceptedFor(stored: StoredToken | undefined, digest: string): stored is StoredToken {
  return readAccepted(stored).some((one) => one.digest === digest)
}

/** The credentials of a stored token, and one that the server has just accepted, newest first. */
export function addAccepted(
  stored: StoredToken | undefined,
  digest: string,
  now: number,
): readonly AcceptedCredential[] {
  const others = readAccepted(stored).filter((one) => one.digest !== digest && now - one.at < maxAgeMs)
  return [{ digest, at: now }, ...others].slice(0, maxAccepted)
}

/** A credential that the authorization server accepted for a stored token. */
interface AcceptedCredential {
  readonly digest: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** A rotation has two credentials in use; a list without a limit would grow with each. */
const maxAccepted = 4

/** A credential that came out of use is not carried into new tokens after this time. */
const maxAgeMs = 24 * 3_600_000

function readAccepted(stored: StoredToken | undefined): readonly AcceptedCredential[] {
  const accepted: unknown = stored?.accepted
  return Array.isArray(accepted) ? accepted.filter(isAcceptedCredential) : []
}

function isAcceptedCredential(value: Partial<AcceptedCredential> | null | undefined): value is AcceptedCredential {
  return typeof value?.digest === 'string' && Number.isFinite(value.at)
}

/** Something that only a holder of the private key knows, and always the same. */
async function readPrivatePart(key: PrivateKeyMaterial): Promise<string | undefined> {
  if (isCryptoKey(key)) return await signAlike(key)
  if (typeof key !== 'string') return readPrivateMember(key)
  const text = key.trim()
  if (text.startsWith('{')) return readPrivateMember(JSON.parse(text))
  const block = readPemBlocks(text).find(({ label }) => label === 'PRIVATE KEY')
  const der = block && decodePemBlock(block)
  return der && `pkcs8 ${toBase64(der)}`
}

function readPrivateMember({
  d,
  priv,
}: {
  readonly d?: string | undefined
  readonly priv?: string | undefined
}): string {
  return `jwk ${d ?? priv}`
}

/** No JWT begins like this, so the signature is of no use anywhere else. */
const signedText = 'nightlatch: who holds this private key'

/** A key that cannot be exported shows its holder by a signature, if the algorithm signs a text the same way each time. */
async function signAlike(key: PrivateKey): Promise<string | undefined> {
  const { name } = key.algorithm
  if (name !== 'RSASSA-PKCS1-v1_5' && name !== 'RSA-PSS' && name !== 'Ed25519') return undefined
  // Without salt, RSA-PSS draws no random bytes.
  const parameters = name === 'RSA-PSS' ? { name, saltLength: 0 } : { name }
  return `signature ${toBase64(new Uint8Array(await crypto.subtle.sign(parameters, key, new TextEncoder().encode(signedText))))}`
}
