import { NightlatchError } from '../errors.ts'
import { formEncode } from './client-authentication.ts'
import type { Credentials } from './credentials.ts'
import type { TokenRequestDraft } from './token-request-draft.ts'

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
    ...[...draft.parameters].filter(([name]) => !plain.has(name) && !publicNames.has(name)).flatMap(partsOf),
    ...draft.url.searchParams.values(),
    ...textsIn(draft.json),
  ]
  if ('clientSecret' in credentials) secrets.push(credentials.clientSecret)
  return [...new Set(secrets.flatMap(formsOf))]
    .filter((secret) => secret.length >= 4 && !schemes.has(secret.toLowerCase()))
    .sort((a, b) => b.length - a.length)
}

/** Parameters of a client authentication that are no secrets. */
const publicNames: ReadonlySet<string> = new Set(['client_id', 'client_assertion_type'])

/** An assertion is told in parts, too: its signature alone must not leave, nor the rest of it. */
function partsOf([name, value]: readonly [string, string]): readonly string[] {
  return name === 'client_assertion' ? [value, ...value.split('.')] : [value]
}

/** A secret as it is, and as URLs and forms encode it; .NET's encoder writes `%2b`. */
function formsOf(secret: string): readonly string[] {
  const encoded = [encodeURIComponent(secret), formEncode(secret)]
  return [secret, ...encoded, ...encoded.map((form) => form.replace(/%../g, (byte) => byte.toLowerCase()))]
}

/** Every text within a value that is JSON. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

/** Words of a header's value that are no secrets. */
const schemes: ReadonlySet<string> = new Set(['basic', 'bearer'])

const longest = 500

/** A server's words, fit to be shown: secrets taken out, one line, no control characters, not endless. */
export function redact(text: string, secrets: readonly string[]): string {
  let shown = text
  for (const secret of secrets) shown = shown.replaceAll(secret, '[redacted]')
  shown = shown.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return shown.length > longest ? `${shown.slice(0, longest)}...` : shown
}

/**
 * What a function of a provider's threw, as it may be told. A platform's TypeError loses its words: what `Headers` throws, for
 * one, quotes the value it refuses, and that is a secret here (rule X1). Everything else is the function's own to word.
 *
 * @param hole the name of the provider's function
 */
export function tellThrown(provider: string, hole: string, thrown: unknown): unknown {
  if (!(thrown instanceof TypeError)) return thrown
  return new NightlatchError(
    'invalid_options',
    `${provider}: the provider's ${hole} threw a TypeError, whose message is kept back, for it may quote a secret; does it set a header to a value with a line break?`,
    { provider },
  )
}
