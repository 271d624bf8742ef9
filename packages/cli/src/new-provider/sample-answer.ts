/** A token answer from a vendor's page: where in it the token is, and what it says of the lifetime. */

type Path = readonly (string | number)[]

/** How an answer states a lifetime. */
type LifetimeKind = 'seconds' | 'milliseconds' | 'minutes' | 'epoch-seconds' | 'epoch-milliseconds' | 'date'

export interface SampleAnswer {
  /** What the body is: JSON, a form, the token itself, or, with the token in a header, nothing that says anything. */
  readonly form: 'json' | 'form' | 'text' | 'none'
  /** Of the answer, where the sample has its head. */
  readonly status: number | undefined
  /** The header that has the token, in lower case; `undefined`: it is in the body. */
  readonly tokenHeader: string | undefined
  /** The parsed body, its tokens replaced: what a page shows may be a real one. */
  readonly body: unknown
  /** Where in the body the token is; empty for a text, and for a token in a header. */
  readonly token: Path
  readonly lifetime: { readonly path: Path; readonly kind: LifetimeKind; readonly value: string | number } | undefined
  /** Where the granted scopes are. */
  readonly scope: Path | undefined
  /** A token type that is not Bearer. */
  readonly oddType: string | undefined
  /** Where a code is that is 0 when all is well, and the words to it. */
  readonly error: { readonly code: Path; readonly words: Path | undefined } | undefined
}

/** What stands for the token of a sample in all that is written. */
export const sampleToken = 'sample-token'

/** Reads a sample; `undefined` where no token can be told in it. */
export function readSample(text: string): SampleAnswer | undefined {
  const { status, headers, body } = splitAnswer(text.trim())
  const tokenHeader = headers.find(([name, value]) => headerWords.test(name) && /^[\x21-\x7e]{2,}$/.test(value))?.[0]
  const found = readBody(body.trim(), tokenHeader)
  return found && { ...found, status }
}

/** The parts of an answer as HTTP/1.1 writes it, or `curl -i`; of anything else all is body. */
function splitAnswer(text: string): {
  readonly status: number | undefined
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
} {
  const statusLine = /^HTTP\/[\d.]+ (\d{3})[^\n]*/i.exec(text)
  if (statusLine === null) return { status: undefined, headers: [], body: text }
  const [head = '', ...rest] = text.split(/\r?\n[ \t]*\r?\n/)
  const headers = head.split(/\r?\n/).flatMap((line) => {
    const [, name = '', value = ''] = /^([^:\s]+):(.*)$/.exec(line.trim()) ?? []
    return name === '' ? [] : [[name.toLowerCase(), value.trim()] as const]
  })
  return { status: Number(statusLine[1]), headers, body: rest.join('\n\n') }
}

type SampleBody = Omit<SampleAnswer, 'status'>

function readBody(text: string, tokenHeader: string | undefined): SampleBody | undefined {
  const json = parseJson(text)
  if (typeof json === 'object' && json !== null) return readMembers(json, 'json', tokenHeader)
  const none = { token: [], lifetime: undefined, scope: undefined, oddType: undefined, error: undefined }
  if (json === undefined && /^[\w.-]+=[^&\s]*(?:&[\w.-]+=[^&\s]*)*$/.test(text)) {
    const members = readMembers(Object.fromEntries(new URLSearchParams(text)), 'form', tokenHeader)
    if (members !== undefined) return members
  }
  if (tokenHeader !== undefined) return { form: 'none', body: undefined, tokenHeader, ...none }
  if (json !== undefined || !/^[\x21-\x7e]{8,}$/.test(text) || text.startsWith('<')) return undefined
  return { form: 'text', body: sampleToken, tokenHeader: undefined, ...none }
}

function readMembers(parsed: object, form: 'json' | 'form', headerFound: string | undefined): SampleBody | undefined {
  const leaves = leavesOf(parsed)
  // A header with a token's name says more than a member that is merely called `value` or `key`.
  const words = headerFound === undefined ? tokenWords : tokenWords.slice(0, -1)
  const token = best(leaves, words, ({ value }) => typeof value === 'string' && value !== '')
  const tokenHeader = token === undefined ? headerFound : undefined
  if (token === undefined && tokenHeader === undefined) return undefined
  const [lifetime] = leaves.filter(({ name }) => lifetimeWords.test(name)).flatMap((leaf) => judgeLifetime(leaf) ?? [])
  const scope = leaves.find(({ name }) => /^scopes?$/i.test(name))
  const type = leaves.find(({ name }) => /^token_?type$/i.test(name))
  const others = leaves.filter(({ name, value }) => typeof value === 'string' && /token$|secret|jwt/i.test(name))
  const code = leaves.find(
    ({ name, value }) => /^(err_?|error_?|fail_?|result_?|return_?)?code$/i.test(name) && Number(value) === 0,
  )
  const said = leaves.find(({ name }) =>
    /^(err_?|error_?|fail_?|result_?|return_?)?(msg|message|description)$/i.test(name),
  )
  const secrets = token === undefined ? others : [token, ...others]
  const body = secrets.reduce<unknown>(
    (cleaned, { path }) => replaceAt(cleaned, path, path === token?.path ? sampleToken : 'sample'),
    parsed,
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

const tokenWords: readonly RegExp[] = [
  /^access_?token$/i,
  /^(api|auth|bearer|session|jwt|security)_?token$/i,
  /^(token|jwt)$/i,
  /^(?!.*(refresh|id_?token|type)).*token(_?value|_?string)?$/i,
  /^(session_?id|ticket|access_?key|value|key)$/i,
]

/** Headers that a token may be in; not `set-cookie`, which holds more than one thing. */
const headerWords = /token$|^(x-)?(auth|access|session)(-key|-id)?$/i

const lifetimeWords = /expir|ttl|life_?(time|span)|valid_?(for|until|to|ity)|max_?age/i

interface NamedLeaf {
  readonly path: Path
  readonly name: string
  readonly value: unknown
}

function best(
  leaves: readonly NamedLeaf[],
  words: readonly RegExp[],
  fits: (leaf: NamedLeaf) => boolean,
): NamedLeaf | undefined {
  for (const word of words) {
    const found = leaves.find((leaf) => word.test(leaf.name) && fits(leaf))
    if (found !== undefined) return found
  }
  return undefined
}

/** More seconds than this, 35 days, are milliseconds, unless the name says otherwise. */
const mostSeconds = 35 * 24 * 3600

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
  return as(/second/i.test(name) || number <= mostSeconds ? 'seconds' : 'milliseconds')
}

/** The lifetime of a sample in seconds; of an end in time an hour, for no sample says when it was given. */
export function lifetimeInSeconds({ lifetime }: SampleAnswer): number | undefined {
  if (lifetime === undefined) return undefined
  const number = Number(lifetime.value)
  if (lifetime.kind === 'seconds') return number
  if (lifetime.kind === 'milliseconds') return number / 1000
  if (lifetime.kind === 'minutes') return number * 60
  return 3600
}

/** The end of the sample's token, where it states one. */
export function endOf({ lifetime }: SampleAnswer): Date | undefined {
  if (lifetime?.kind === 'date') return new Date(lifetime.value)
  if (lifetime?.kind === 'epoch-seconds') return new Date(Number(lifetime.value) * 1000)
  return lifetime?.kind === 'epoch-milliseconds' ? new Date(Number(lifetime.value)) : undefined
}

/** Whether the core reads such an answer as it is. */
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

/** A copy of a value that is JSON, with something else in one place. */
export function replaceAt(value: unknown, path: Path, replacement: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return replacement
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>
  copy[step] = replaceAt(copy[step], rest, replacement)
  return copy
}

function leavesOf(value: unknown, path: Path = []): readonly NamedLeaf[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, [...path, index]))
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...path, name]))
  }
  const name = path.findLast((step) => typeof step === 'string')
  return [{ path, name: typeof name === 'string' ? name : '', value }]
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
