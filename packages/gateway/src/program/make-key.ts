import { createHash, randomBytes } from 'node:crypto'
import { UsageError } from './program-error.ts'

/** A caller's key, and the digest for the configuration. */
export interface CallerKey {
  readonly key: string
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string
}

/**
 * Makes a key of 256 random bits. Its prefix lets scanners find it where it should not be.
 *
 * @throws UsageError if the name cannot be that of a caller
 */
export function makeKey(name: string): CallerKey {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/i.test(name)) {
    throw new UsageError('the name of a caller must have at most 64 letters, digits, dots, dashes and underscores')
  }
  const key = `nlgw_${randomBytes(32).toString('base64url')}`
  return { key, digest: `sha256:${createHash('sha256').update(key).digest('hex')}` }
}
