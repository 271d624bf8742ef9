import type { TokenRequestDraft } from './authentication-method.ts'
import { formEncode } from './client-authentication.ts'
import type { Credentials } from './credentials.ts'

/**
 * Collects the secrets of a token request, because some servers quote the request in their errors.
 *
 * @param draft the request that was sent
 * @param plain the names of headers and parameters that the client authentication did not set
 */
export function secretsOf(
  draft: TokenRequestDraft,
  plain: ReadonlySet<string>,
  credentials: Credentials,
): readonly string[] {
  const secrets = [
    ...[...draft.headers].filter(([name]) => !plain.has(name)).flatMap(([, value]) => [value, ...value.split(' ')]),
    ...[...draft.parameters].filter(([name]) => !plain.has(name) && !publicNames.has(name)).map(([, value]) => value),
    ...draft.url.searchParams.values(),
    ...textsIn(draft.json).filter((text) => text !== credentials.clientId),
    ...(draft.assertion === undefined ? [] : [draft.assertion]),
  ]
  if ('clientSecret' in credentials) secrets.push(credentials.clientSecret)
  return [...new Set(secrets.flatMap(formsOf))].filter(
    (secret) => secret.length >= 4 && !schemes.has(secret.toLowerCase()),
  )
}

/** Parameters of a client authentication that are not secrets. */
const publicNames: ReadonlySet<string> = new Set(['client_id', 'client_assertion_type'])

/** Returns a secret, and its encodings in URLs and forms; .NET encodes with lower-case digits (`%2b`). */
function formsOf(secret: string): readonly string[] {
  const encoded = [encodeURIComponent(secret), formEncode(secret)]
  return [secret, ...encoded, ...encoded.map((form) => form.replace(/%../g, (byte) => byte.toLowerCase()))]
}

/** Collects every string in a JSON value. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => (publicMembers.has(name) ? [] : textsIn(member)))
}

/** Members of a JSON body that are not secrets, and whose text an error may share. */
const publicMembers: ReadonlySet<string> = new Set(['client_id', 'client_assertion_type', 'grant_type', 'scope'])

/** Words of a header's value that are not secrets. */
const schemes: ReadonlySet<string> = new Set(['basic', 'bearer'])
