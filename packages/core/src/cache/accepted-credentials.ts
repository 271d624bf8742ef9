import type { PrivateKey } from '../acquire/private-key.ts'
import { toBase64Url } from '../platform/base64.ts'
import type { StoredToken } from './token-store.ts'

/** A credential that the authorization server accepted for an entry's identity. */
interface AcceptedCredential {
  readonly digest: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** A rotation has two credentials in use; a list without a limit would grow with each. */
const maxAccepted = 4

/** A credential that came out of use is not carried into new entries after this time. */
const maxAgeMs = 24 * 3_600_000

/** An entry is for the holders of these credentials alone (rule L3). The digests are of one store key, and of no use for another. */
export async function digestCredential(proofKey: PrivateKey, storeKey: string): Promise<string> {
  const text = new TextEncoder().encode(`nightlatch: accepted for ${storeKey}`)
  const digest = new Uint8Array(await crypto.subtle.sign('HMAC', proofKey, text))
  return toBase64Url(digest)
}

/** Whether the server accepted this credential for the entry's identity. */
export function isAcceptedFor(entry: StoredToken | undefined, digest: string): entry is StoredToken {
  return readAccepted(entry).some((one) => one.digest === digest)
}

/** The credentials of an entry, and one that the server has just accepted, newest first. */
export function addAccepted(
  entry: StoredToken | undefined,
  digest: string,
  now: number,
): readonly AcceptedCredential[] {
  const others = readAccepted(entry).filter((one) => one.digest !== digest && now - one.at < maxAgeMs)
  return [{ digest, at: now }, ...others].slice(0, maxAccepted)
}

function readAccepted(entry: StoredToken | undefined): readonly AcceptedCredential[] {
  const accepted: unknown = entry?.accepted
  return Array.isArray(accepted) ? accepted.filter(isAcceptedCredential) : []
}

function isAcceptedCredential(value: Partial<AcceptedCredential> | null | undefined): value is AcceptedCredential {
  return typeof value?.digest === 'string' && Number.isFinite(value.at)
}
