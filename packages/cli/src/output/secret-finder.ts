import { unsafe } from './unsafe-characters.ts'

/** Shorter secrets may be ordinary words. Redacting those would garble the text and thereby reveal them. */
const minLength = 8

/** How often a text is decoded. JSON within JSON within a URL takes three rounds. */
const rounds = 3

const redacted = '[redacted]'

/** Finds secrets in a text, in any of several encodings. */
export class SecretFinder {
  readonly #secrets = new Set<string>()

  /** Redacts this text from now on. */
  add(secret: string): void {
    const base64 = Buffer.from(secret, 'utf8')
      .toString('base64')
      .replace(/={1,2}$/, '')
    const written = [secret, secret.replaceAll(' ', '+')]
    const inBytes = written.map((text) => Buffer.from(text, 'utf8').toString('latin1'))
    for (const form of [...written, ...inBytes, base64, base64.replaceAll('+', '-').replaceAll('/', '_')]) {
      // Texts are decoded before comparison, so a secret that looks encoded is decoded, too.
      for (const text of decodings(form)) if (text.length >= minLength) this.#secrets.add(text)
    }
  }

  /**
   * Replaces the secrets in a text. It also finds them with JSON escapes, percent-encoding, HTML entities or invisible
   * characters.
   */
  redact(text: string): string {
    if (!this.#isIn(text)) return text
    const covered: [start: number, end: number][] = []
    for (const reading of readings(text)) {
      for (const secret of this.#secrets) {
        for (let at = reading.text.indexOf(secret); at >= 0; at = reading.text.indexOf(secret, at + secret.length)) {
          covered.push([reading.startOf(at), reading.endOf(at + secret.length - 1)])
        }
      }
    }
    if (covered.length === 0) return text
    return cutOut(
      text,
      covered.sort(([a], [b]) => a - b),
    )
  }

  /** A quick check, because most texts hold no secret and need no mapping of positions. */
  #isIn(text: string): boolean {
    if (this.#secrets.size === 0) return false
    for (const decoded of decodings(text)) {
      for (const secret of this.#secrets) if (decoded.includes(secret)) return true
    }
    return false
  }
}

/** The text without unsafe characters, then decoded once, twice, and so on. */
function* decodings(text: string): Generator<string> {
  let decoded = text.replace(unsafe, '')
  yield decoded
  for (let round = 0; round < rounds; round += 1) {
    const next = decoded.replace(escapes, decodeEscape).replace(unsafe, '')
    if (next === decoded) return
    decoded = next
    yield decoded
  }
}

function cutOut(text: string, ranges: readonly (readonly [start: number, end: number])[]): string {
  let shown = ''
  let at = 0
  for (const [start, end] of ranges) {
    if (start >= at) shown += text.slice(at, start) + redacted
    at = Math.max(at, end)
  }
  return shown + text.slice(at)
}

/** A decoded text with the original position of each UTF-16 unit. */
interface Reading {
  readonly text: string
  startOf(at: number): number
  endOf(at: number): number
}

/** Like {@link decodings}, with the original positions. */
function* readings(text: string): Generator<Reading> {
  let reading: Reading | undefined = dropUnsafe({ text, startOf: (at) => at, endOf: (at) => at + 1 })
  for (let round = 0; reading !== undefined; round += 1) {
    yield reading
    // Escapes may decode to unsafe characters.
    const decoded: Reading | undefined = round < rounds ? rewrite(reading, escapes, decodeEscape) : undefined
    reading = decoded && dropUnsafe(decoded)
  }
}

/** The text without its unsafe characters. */
function dropUnsafe(reading: Reading): Reading {
  return rewrite(reading, unsafe, () => '') ?? reading
}

const escapes = /\\u[0-9a-f]{4}|\\["\\/bfnrt]|%[0-9a-f]{2}|&#x[0-9a-f]{1,6};|&#[0-9]{1,7};|&(?:amp|lt|gt|quot|apos);/gi

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const controls: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

function decodeEscape(written: string): string {
  if (written.startsWith('\\u')) return String.fromCharCode(Number.parseInt(written.slice(2), 16))
  if (written.startsWith('\\')) return controls[written.slice(1)] ?? written.slice(1)
  // Percent-encoding encodes bytes, so characters beyond ASCII are compared as Latin-1 bytes (see `add`).
  if (written.startsWith('%')) return String.fromCharCode(Number.parseInt(written.slice(1), 16))
  if (!written.startsWith('&#')) return named[written.slice(1, -1).toLowerCase()] ?? written
  const isHex = /^&#x/i.test(written)
  const code = Number.parseInt(written.slice(isHex ? 3 : 2, -1), isHex ? 16 : 10)
  return code <= 0x10ffff ? String.fromCodePoint(code) : written
}

/** Replaces matches and keeps the original positions; `undefined` if nothing matches. */
function rewrite(reading: Reading, pattern: RegExp, replace: (match: string) => string): Reading | undefined {
  const { text } = reading
  let rewritten = ''
  let at = 0
  const starts = new Uint32Array(text.length)
  const ends = new Uint32Array(text.length)
  const copyTo = (end: number): void => {
    for (let from = at; from < end; from += 1) {
      starts[rewritten.length + from - at] = reading.startOf(from)
      ends[rewritten.length + from - at] = reading.endOf(from)
    }
    rewritten += text.slice(at, end)
  }
  let isChanged = false
  for (const { 0: match, index } of text.matchAll(pattern)) {
    isChanged = true
    copyTo(index)
    at = index + match.length
    const replacement = replace(match)
    for (let unit = 0; unit < replacement.length; unit += 1) {
      starts[rewritten.length + unit] = reading.startOf(index)
      ends[rewritten.length + unit] = reading.endOf(at - 1)
    }
    rewritten += replacement
  }
  if (!isChanged) return undefined
  copyTo(text.length)
  return { text: rewritten, startOf: (unit) => starts[unit] ?? 0, endOf: (unit) => ends[unit] ?? 0 }
}
