import type { TokenRequestDraft } from './client-authentication.ts'
import type { Credentials } from './credentials.ts'

/**
 * Every text that must not leave with a server's words: some servers repeat what they were sent.
 *
 * @param draft the request as sent
 * @param plain the names of headers and parameters that were there before the client authentication wrote onto it
 */
export function secretsOf(
  draft: TokenRequestDraft,
  plain: ReadonlySet<string>,
  credentials: Credentials,
): readonly string[] {
  const secrets = [
    ...[...draft.headers].filter(([name]) => !plain.has(name)).flatMap(([, value]) => [value, ...value.split(' ')]),
    ...[...draft.parameters].filter(([name]) => !plain.has(name) && name !== 'client_id').map(([, value]) => value),
  ]
  if ('clientSecret' in credentials) secrets.push(credentials.clientSecret)
  return secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret), new URLSearchParams([['', secret]]).toString().slice(1)])
    .filter((secret) => secret.length >= 4 && !schemes.has(secret.toLowerCase()))
    .sort((a, b) => b.length - a.length)
}

/** Words of a header's value that are no secrets. */
const schemes: ReadonlySet<string> = new Set(['basic', 'bearer'])

const longest = 500

/** A server's words, fit to be shown: secrets taken out, one line, no control characters, not endless. */
export function redact(text: string, secrets: readonly string[]): string {
  let shown = text
  for (const secret of secrets) shown = shown.replaceAll(secret, '[redacted]')
  shown = shown.replace(/\p{Cc}+/gu, ' ').trim()
  return shown.length > longest ? `${shown.slice(0, longest)}...` : shown
}
