/** A request target in origin form, taken apart and normalised. */
export interface RequestTarget {
  /** The first segment, which names an upstream or a route. */
  readonly name: string
  /** The rest of the path, which is empty or begins with a slash. */
  readonly path: string
  /** With its question mark; empty if there is none. */
  readonly query: string
}

const slash = 47
const questionMark = 63
const percent = 37
const dot = 46

/**
 * Takes a request target apart. Rules judge the normalised path, and the same path is forwarded, so that the API cannot read
 * another one than the rules did.
 *
 * @returns a reason for a target that is refused: an absolute URL, `..`, `//`, `\`, NUL or a bad percent escape
 */
export function parseTarget(target: string): RequestTarget | string {
  if (target.charCodeAt(0) !== slash) return 'the request target must begin with a slash'
  let end = target.length
  let needsCare = false
  let nameEnd = -1
  for (let at = 1, before = slash; at < target.length; at += 1) {
    const code = target.charCodeAt(at)
    if (code === questionMark) {
      end = at
      break
    }
    if (!isPathCharacter(code)) return 'the path has a character that is not permitted in a URL'
    if (code === percent || (code === dot && before === slash)) needsCare = true
    if (code === slash) {
      if (before === slash) return 'the path has an empty segment (`//`)'
      if (nameEnd < 0) nameEnd = at
    }
    before = code
  }
  for (let at = end; at < target.length; at += 1) {
    const code = target.charCodeAt(at)
    if (code <= 32 || code >= 127 || code === 35) return 'the query has a character that is not permitted in a URL'
  }
  const query = target.slice(end)
  if (!needsCare) {
    if (nameEnd < 0) return { name: target.slice(1, end), path: '', query }
    return { name: target.slice(1, nameEnd), path: target.slice(nameEnd, end), query }
  }
  const path = normalisePath(target.slice(0, end))
  if (!path.startsWith('/')) return path
  const second = path.indexOf('/', 1)
  if (second < 0) return { name: path.slice(1), path: '', query }
  return { name: path.slice(1, second), path: path.slice(second), query }
}

/** Whether a character may stand in a path (RFC 3986); `|`, `[`, `]` and `^` are sent by many programs, and permitted as well. */
function isPathCharacter(code: number): boolean {
  // Controls, space, `"`, `#`, `<`, `>`, `\`, `` ` ``, `{`, `}`, and everything that is not ASCII.
  if (code <= 32 || code >= 127) return false
  return !(code === 34 || code === 35 || code === 60 || code === 62 || code === 92 || code === 96)
}

/**
 * Decodes what needs no escape, writes the other escapes in upper case, and drops `.` segments.
 *
 * @returns the path, or a reason that does not begin with a slash
 */
function normalisePath(path: string): string {
  const segments: string[] = []
  const all = path.split('/')
  for (const [at, segment] of all.entries()) {
    const written = normaliseEscapes(segment)
    if (written === undefined) return 'the path has a bad percent escape'
    const reason = findDotSegment(written)
    if (reason !== undefined) return reason
    if (written !== '.') segments.push(written)
    // `/a/.` is the folder `/a/`.
    else if (at === all.length - 1) segments.push('')
  }
  return segments.length === 1 ? '/' : segments.join('/')
}

function normaliseEscapes(segment: string): string | undefined {
  let at = segment.indexOf('%')
  if (at < 0) return segment
  let written = segment.slice(0, at)
  while (at < segment.length) {
    const code = segment.charCodeAt(at)
    if (code !== percent) {
      written += segment[at]
      at += 1
      continue
    }
    const value = (hexOf(segment.charCodeAt(at + 1)) << 4) | hexOf(segment.charCodeAt(at + 2))
    // Also refused: NUL, which ends a path in C, and other control characters, which a log or a header could misread.
    if (value < 32 || value === 127) return undefined
    written += isUnreserved(value) ? String.fromCharCode(value) : segment.slice(at, at + 3).toUpperCase()
    at += 3
  }
  return written
}

/** -1 for what is no hexadecimal digit, also for NaN. */
function hexOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 65 && code <= 70) return code - 55
  return code >= 97 && code <= 102 ? code - 87 : -1
}

/** RFC 3986 section 2.3. */
function isUnreserved(code: number): boolean {
  if (code >= 48 && code <= 57) return true
  if ((code >= 65 && code <= 90) || (code >= 97 && code <= 122)) return true
  return code === 45 || code === dot || code === 95 || code === 126
}

/**
 * Refuses a segment that an API may read as `..`: it may decode `%2F` and `%5C`, decode twice, or cut a segment at `;`.
 *
 * @param segment with its escapes in upper case
 */
function findDotSegment(segment: string): string | undefined {
  const refusal = 'the path has a segment that leads upwards (`..`), or a backslash'
  let read = segment
  // Each round is one more decoding than the one before; an API may decode more than once.
  for (let round = 0; round < 3; round += 1) {
    let decoded: string
    try {
      decoded = decodeURIComponent(read)
    } catch {
      // It is no UTF-8, such as an overlong form of a dot. In a later round it is text that happens to hold a percent sign.
      return round === 0 ? 'the path has a bad percent escape' : undefined
    }
    // Some servers read the wide forms of ASCII characters as these.
    const plain = decoded.normalize('NFKC')
    if (plain.includes('\\') || plain.includes('\0')) return refusal
    for (const part of plain.split('/')) {
      const [name = ''] = part.split(';', 1)
      if (name.trim() === '..') return refusal
    }
    if (!decoded.includes('%')) return undefined
    read = decoded
  }
  return undefined
}

/** The path at the API of a path below its base. */
export function joinPath(base: string, path: string): string {
  if (path === '') return base
  return base.endsWith('/') ? base.slice(0, -1) + path : base + path
}
