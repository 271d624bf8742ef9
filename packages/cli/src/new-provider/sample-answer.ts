type Path = readonly (string | number)[]

/** The unit of a lifetime, or the format of an expiry time. */
type LifetimeKind = 'seconds' | 'milliseconds' | 'minutes' | 'epoch-seconds' | 'epoch-milliseconds' | 'date'

/** A token response from a vendor's page: where its token is, and how it states the lifetime. */
export interface SampleAnswer {
  /** The format of the body. `text`: the token itself. `none`: the token is in a header and the body is irrelevant. */
  readonly form: 'json' | 'form' | 'text' | 'none'
  /** The status, if the sample includes the status line. */
  readonly status: number | undefined
  /** The header with the token, in lower case; `undefined` if the token is in the body. */
  readonly tokenHeader: string | undefined
  /** The parsed body. Texts that may be real secrets are replaced. */
  readonly body: unknown
  /** The token's path in the body; empty for `text`, and for a token in a header. */
  readonly token: Path
  readonly lifetime: { readonly path: Path; readonly kind: LifetimeKind; readonly value: string | number } | undefined
  /** The path of the granted scopes. */
  readonly scope: Path | undefined
  /** A token type that is not Bearer. */
  readonly oddType: string | undefined
  /** The paths of an error code that is 0 on success, and of its message. */
  readonly error: { readonly code: Path; readonly words: Path | undefined } | undefined
}

/** Replaces the sample's token in all generated files. */
export const sampleToken = 'sample-token'

/** Reads a sample; `undefined` if it has no recognisable token. */
export function readSample(text: string): SampleAnswer | undefined {
  const { status, headers, body } = splitAnswer(text.trim())
  const tokenHeader = headers.find(([name, value]) => headerWords.test(name) && /^[\x21-\x7e]{2,}$/.test(value))
  const found = readBody(body.trim(), tokenHeader)
  return found && { ...found, status }
}

/** Splits a response with status line and headers, as `curl -i` prints it; any other text is all body. */
function splitAnswer(text: string): {
  readonly status: number | undefined
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
} {
  const statusLine = /^HTTP\/[\d.]+ (\d{3})/i.exec(text)
  if (statusLine === null) return { status: undefined, headers: [], body: text }
  const lines = text.split('\n')
  const blank = lines.findIndex((line) => line.trim() === '')
  const end = blank < 0 ? lines.length : blank
  const headers = lines.slice(0, end).flatMap((line) => {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).trim()
    return isFieldName(name) ? [[name.toLowerCase(), line.slice(colon + 1).trim()] as const] : []
  })
  return { status: Number(statusLine[1]), headers, body: lines.slice(end + 1).join('\n') }
}

type SampleBody = Omit<SampleAnswer, 'status'>
type HeaderField = readonly [name: string, value: string]

/** Whether a text is a valid header name: a token of RFC 9110 section 5.6.2. */
export function isFieldName(text: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(text)
}

function readBody(text: string, tokenHeader: HeaderField | undefined): SampleBody | undefined {
  const json = parseJson(text)
  if (typeof json === 'object' && json !== null) return readMembers(json, 'json', tokenHeader)
  const none = { token: [], lifetime: undefined, scope: undefined, oddType: undefined, error: undefined }
  if (json === undefined && isForm(text)) {
    const members = readMembers(Object.fromEntries(new URLSearchParams(text)), 'form', tokenHeader)
    if (members !== undefined) return members
  }
  if (tokenHeader !== undefined) return { form: 'none', body: undefined, tokenHeader: tokenHeader[0], ...none }
  if (json !== undefined || !/^[\x21-\x7e]{8,}$/.test(text) || text.startsWith('<')) return undefined
  return { form: 'text', body: sampleToken, tokenHeader: undefined, ...none }
}

function isForm(text: string): boolean {
  return !/\s/.test(text) && text.split('&').every((pair) => /^[\w.-]+=/.test(pair))
}

function readMembers(
  parsed: object,
  form: 'json' | 'form',
  headerFound: HeaderField | undefined,
): SampleBody | undefined {
  const all = leavesOf(parsed)
  // A header with a token's name is a better match than a member named `value` or `key`.
  const words = headerFound === undefined ? tokenWords : tokenWords.slice(0, -1)
  const token = best(all, words, ({ value }) => typeof value === 'string' && value !== '')
  const tokenHeader = token === undefined ? headerFound?.[0] : undefined
  const value = String(token?.value ?? headerFound?.[1])
  const isCopy = (text: string): boolean =>
    text.includes(value) || (text.length >= minCopyLength && value.includes(text))
  const leaves = all.filter(({ path }) => !path.some((step) => isCopy(String(step))))
  if (token === undefined ? tokenHeader === undefined : !leaves.includes(token)) return undefined
  const [lifetime] = leaves.filter(({ name }) => lifetimeWords.test(name)).flatMap((leaf) => judgeLifetime(leaf) ?? [])
  const scope = leaves.find(({ name }) => /^scopes?$/i.test(name))
  const type = leaves.find(({ name }) => /^token_?type$/i.test(name))
  const code = leaves.find(
    (leaf) => /^(err_?|error_?|fail_?|result_?|return_?)?code$/i.test(leaf.name) && Number(leaf.value) === 0,
  )
  const said = leaves.find(({ name }) =>
    /^(err_?|error_?|fail_?|result_?|return_?)?(msg|message|description)$/i.test(name),
  )
  const body = clean(
    parsed,
    [],
    (path, leaf) => {
      if (path.join('\0') === token?.path.join('\0')) return sampleToken
      if (typeof leaf === 'string') {
        const isRead = [lifetime, scope].some((place) => place?.path.join('\0') === path.join('\0'))
        const isShown = isRead || (plainNames.test(nameOf(path)) && /^[\w.-]{0,20}$/.test(leaf))
        return isShown && !isCopy(leaf) ? leaf : 'sample'
      }
      return typeof leaf === 'number' && secretNames.test(nameOf(path)) ? 0 : leaf
    },
    isCopy,
  )
  return {
    form,
    body,
    tokenHeader,
    token: token?.path ?? [],
    lifetime,
    scope: scope?.path,
    oddType: typeof type?.value === 'string' && !/^(bearer)?$/i.test(type.value) ? type.value : undefined,
    error: code && { code: code.path, words: said?.path },
  }
}

/** A text of at least this length that occurs in the token is treated as a copy of it. */
const minCopyLength = 8

/** Members whose texts are not secret. The texts of all other members are replaced. */
const plainNames =
  /^(token_?type|scopes?|status|state|success|result|message|msg|description|code|(error|err|fail|result|return)_?(code|msg|message|description)?)$/i

/** Members whose numbers may be secrets. */
const secretNames = /pass|pwd|\bpin\b|otp|secret|key|cookie/i

/** Copies a JSON value with replaced leaves, without members whose name is a copy of the token. */
function clean(
  value: unknown,
  path: Path,
  cleanLeaf: (path: Path, leaf: unknown) => unknown,
  isCopy: (name: string) => boolean,
): unknown {
  if (Array.isArray(value)) return value.map((item, index) => clean(item, [...path, index], cleanLeaf, isCopy))
  if (typeof value !== 'object' || value === null) return cleanLeaf(path, value)
  const members = Object.entries(value).filter(([name]) => !isCopy(name))
  return Object.fromEntries(members.map(([name, member]) => [name, clean(member, [...path, name], cleanLeaf, isCopy)]))
}

const tokenWords: readonly Pick<RegExp, 'test'>[] = [
  /^access_?token$/i,
  /^(api|auth|bearer|session|jwt|security)_?token$/i,
  /^(token|jwt)$/i,
  { test: (name) => /token(_?value|_?string)?$/i.test(name) && !/refresh|id_?token|type/i.test(name) },
  /^(session_?id|ticket|access_?key|value|key)$/i,
]

/** Headers that may hold a token. `set-cookie` is not among them, because it also holds attributes. */
const headerWords = /token$|^(x-)?(auth|access|session)(-key|-id)?$/i

const lifetimeWords = /expir|ttl|life_?(time|span)|valid_?(for|until|to|ity)|max_?age/i

interface NamedLeaf {
  readonly path: Path
  readonly name: string
  readonly value: unknown
}

function best(
  leaves: readonly NamedLeaf[],
  words: readonly Pick<RegExp, 'test'>[],
  fits: (leaf: NamedLeaf) => boolean,
): NamedLeaf | undefined {
  for (const word of words) {
    const found = leaves.find((leaf) => word.test(leaf.name) && fits(leaf))
    if (found !== undefined) return found
  }
  return undefined
}

/** A greater number, 35 days in seconds, is read as milliseconds unless the name states a unit. */
const maxSeconds = 35 * 24 * 3600

function judgeLifetime({ path, name, value }: NamedLeaf): SampleAnswer['lifetime'] {
  const as = (kind: LifetimeKind): SampleAnswer['lifetime'] => ({ path, kind, value: value as string | number })
  const isDigits = typeof value === 'string' && /^\d{1,16}$/.test(value)
  if (typeof value === 'string' && !isDigits) return Number.isNaN(Date.parse(value)) ? undefined : as('date')
  const number = Number(value)
  if ((typeof value !== 'number' && !isDigits) || !(number > 0)) return undefined
  if (number > 1e12) return as('epoch-milliseconds')
  if (number > 1e9) return as('epoch-seconds')
  if (/milli|_?ms$|Ms$|inMs/.test(name)) return as('milliseconds')
  if (/minutes?|_min$|Min$/.test(name)) return as('minutes')
  return as(/second/i.test(name) || number <= maxSeconds ? 'seconds' : 'milliseconds')
}

/** The lifetime of a sample in seconds. For an expiry time it is one hour, because a sample does not state its issue time. */
export function lifetimeInSeconds({ lifetime }: SampleAnswer): number | undefined {
  if (lifetime === undefined) return undefined
  const number = Number(lifetime.value)
  if (lifetime.kind === 'seconds') return number
  if (lifetime.kind === 'milliseconds') return number / 1000
  if (lifetime.kind === 'minutes') return number * 60
  return 3600
}

/** The expiry time of the sample's token, if it states one. */
export function endOf({ lifetime }: SampleAnswer): Date | undefined {
  if (lifetime?.kind === 'date') return new Date(lifetime.value)
  if (lifetime?.kind === 'epoch-seconds') return new Date(Number(lifetime.value) * 1000)
  return lifetime?.kind === 'epoch-milliseconds' ? new Date(Number(lifetime.value)) : undefined
}

/** Whether the core reads such a response without a `readTokenResponse`. */
export function isReadByDefault(sample: SampleAnswer): boolean {
  const { form, tokenHeader, token, lifetime, scope, oddType, error } = sample
  const isTop = (path: Path | undefined, ...names: readonly string[]): boolean =>
    path === undefined || (path.length === 1 && names.includes(String(path[0])))
  return (
    form !== 'text' &&
    tokenHeader === undefined &&
    oddType === undefined &&
    error === undefined &&
    isTop(token, 'access_token', 'accessToken') &&
    isTop(lifetime?.path, 'expires_in', 'expiresIn') &&
    (lifetime === undefined || lifetime.kind === 'seconds') &&
    isTop(scope, 'scope', 'scopes')
  )
}

/** Copies a JSON value with another value at one path. */
export function replaceAt(value: unknown, path: Path, replacement: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return replacement
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>
  // An assignment would set the prototype for a member named __proto__.
  const member = Object.hasOwn(copy, step) ? copy[step] : undefined
  Object.defineProperty(copy, step, {
    value: replaceAt(member, rest, replacement),
    configurable: true,
    enumerable: true,
    writable: true,
  })
  return copy
}

function leavesOf(value: unknown, path: Path = []): readonly NamedLeaf[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, [...path, index]))
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...path, name]))
  }
  return [{ path, name: nameOf(path), value }]
}

/** The innermost name on a path. */
function nameOf(path: Path): string {
  const name = path.findLast((step) => typeof step === 'string')
  return typeof name === 'string' ? name : ''
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
