import { redacted, SecretTraces } from './secret-traces.ts'

/**
 * Makes a server's text safe to show: without secrets, on one line, without control or invisible characters, at most 2,000
 * characters. A text with an encoded secret is replaced as a whole.
 */
export function redact(text: string, secrets: readonly string[]): string {
  const traces = new SecretTraces(secrets)
  const masked = traces.mask(text.slice(0, maxReadLength))
  if (traces.areIn(masked)) return redacted
  const shown = masked.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  const isCut = shown.length > maxShownLength || text.length > maxReadLength
  return isCut
    ? `${shown.slice(0, maxShownLength)} [cut: ${maxShownLength} of ${text.length} characters]`.trimStart()
    : shown
}

/** Characters of a server's text that are shown. */
const maxShownLength = 2000

/** Characters of a server's text that are searched. */
const maxReadLength = 2 * maxShownLength
