import { NightlatchError } from '../errors.ts'
import { formEncode } from './client-authentication.ts'
import type { Credentials } from './credentials.ts'
import { redacted, SecretTraces } from './secret-traces.ts'
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
    ...textsIn(draft.json).filter((text) => text !== credentials.clientId),
    ...(draft.assertion === undefined ? [] : partsOf(['client_assertion', draft.assertion])),
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
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => (publicMembers.has(name) ? [] : textsIn(member)))
}

/** Members of a JSON body that are no secrets, and whose words a server's words may share. */
const publicMembers: ReadonlySet<string> = new Set([...publicNames, 'grant_type', 'scope'])

/** Words of a header's value that are no secrets. */
const schemes: ReadonlySet<string> = new Set(['basic', 'bearer'])

/** Characters of a server's words that are shown. */
const maxShown = 2000

/** Characters of them that are looked at. */
const maxRead = 2 * maxShown

/**
 * A server's words, fit to be shown: secrets taken out, one line, no control or invisible characters, at most 2,000 characters.
 * Words that hold a secret in another form than in clear are taken out as a whole.
 */
export function redact(text: string, secrets: readonly string[]): string {
  const traces = new SecretTraces(secrets)
  const masked = traces.mask(text.slice(0, maxRead))
  if (traces.areIn(masked)) return redacted
  const shown = masked.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  const isCut = shown.length > maxShown || text.length > maxRead
  return isCut ? `${shown.slice(0, maxShown)} [cut: ${maxShown} of ${text.length} characters]`.trimStart() : shown
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
