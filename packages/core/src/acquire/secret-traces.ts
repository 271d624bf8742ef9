/**
 * Finds secrets in a text: any run of 8 characters of one, in clear or encoded. The text is decoded, because a secret has too
 * many possible encodings to search for.
 */
export class SecretTraces {
  /** Runs by their length. */
  readonly #clear = new Map<number, Set<string>>()
  readonly #folded = new Map<number, Set<string>>()

  constructor(secrets: readonly string[]) {
    for (const secret of secrets) {
      addRuns(this.#clear, secret)
      addRuns(this.#folded, fold(secret))
    }
  }

  /** Replaces each run that is in clear. */
  mask(text: string): string {
    const isTrace = new Uint8Array(text.length)
    for (const [length, runs] of this.#clear) {
      for (let at = 0; at + length <= text.length; at += 1) {
        if (runs.has(text.slice(at, at + length))) isTrace.fill(1, at, at + length)
      }
    }
    let masked = ''
    for (let at = 0; at < text.length; at += 1) {
      if (isTrace[at] === 0) masked += text.charAt(at)
      else if (at === 0 || isTrace[at - 1] === 0) masked += redacted
    }
    return masked
  }

  /** Whether the text contains a run: in clear, in other letters, broken by white space, or encoded. */
  areIn(text: string): boolean {
    if (this.#folded.size === 0) return false
    const seen = new Set<string>()
    let level: readonly string[] = [text]
    for (let depth = 0; depth <= maxDepth; depth += 1) {
      const next: string[] = []
      for (const one of level) {
        if (seen.has(one)) continue
        seen.add(one)
        if (this.#areInFolded(fold(one))) return true
        if (depth < maxDepth) next.push(...decode(one))
      }
      level = next
    }
    return false
  }

  #areInFolded(text: string): boolean {
    for (const [length, runs] of this.#folded) {
      for (let at = 0; at + length <= text.length; at += 1) {
        if (runs.has(text.slice(at, at + length))) return true
      }
    }
    return false
  }
}

/** The length of a run of a secret that counts as a leak; a shorter secret counts as a whole. */
const runLength = 8

/** Replaces a secret. */
export const redacted = '[redacted]'

/** Levels of nested encodings that are searched, such as percent-encoded text in JSON in Base64. */
const maxDepth = 3

function addRuns(all: Map<number, Set<string>>, text: string): void {
  if (text === '') return
  const length = Math.min(runLength, text.length)
  const runs = all.get(length) ?? new Set()
  all.set(length, runs)
  for (let at = 0; at + length <= text.length; at += 1) {
    const run = text.slice(at, at + length)
    // Leading and trailing space is not part of a secret.
    if (run === run.trim()) runs.add(run)
  }
}

/** Removes case, white space and invisible characters, and unifies characters that look alike. */
function fold(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\p{C}\p{Z}]/gu, '')
    .toLowerCase()
}

/** What a text may stand for: escapes resolved, each kind by itself and all of them, and Base64 and hexadecimal digits decoded. */
function decode(text: string): readonly string[] {
  const html = resolveHtml(text)
  const all = resolveBytes(resolveBackslashes(html))
  // Each by itself, too: what one kind gives may look like another.
  const resolved = [html, resolveBackslashes(text), resolveBytes(text), all].map(fromUtf8)
  const decoded = resolved.flatMap((one) => (one === text ? [] : [one, one.replaceAll('+', ' ')]))
  const dense = text.replace(/\s/g, '')
  for (const run of runsOf(dense, base64Digits, 11)) decoded.push(...decodeBase64(run))
  for (const run of runsOf(dense, hexDigits, 2 * runLength)) decoded.push(...decodeHex(run))
  return decoded
}

/** The escapes of HTML. */
function resolveHtml(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}));?/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return entities[name.toLowerCase()] ?? whole
      return toCharacter(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal))
    },
  )
}

/** The escapes of JSON and JavaScript. */
function resolveBackslashes(text: string): string {
  return text.replace(
    /\\(?:u\{([\da-f]{1,6})\}|u([\da-f]{4})|x([\da-f]{2})|([^\s]))/gi,
    (_whole, braced?: string, four?: string, two?: string, character?: string) =>
      character ?? toCharacter(Number.parseInt(braced ?? four ?? two ?? '', 16)),
  )
}

/** The escapes of URLs and quoted-printable text. */
function resolveBytes(text: string): string {
  return text.replace(/[%=]([\da-f]{2})/gi, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Decodes a text whose characters are bytes of UTF-8. */
function fromUtf8(text: string): string {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0)
  const isOfBytes = codes.every((code) => code < 256) && codes.some((code) => code > 127)
  return isOfBytes ? new TextDecoder().decode(Uint8Array.from(codes)) : text
}

function toCharacter(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : ''
}

/** HTML's names for the ASCII characters that are not letters or digits. */
const entities: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  ast: '*',
  bsol: '\\',
  colon: ':',
  comma: ',',
  commat: '@',
  dollar: '$',
  equals: '=',
  excl: '!',
  grave: '`',
  gt: '>',
  hat: '^',
  hyphen: '-',
  lbrace: '{',
  lcub: '{',
  lbrack: '[',
  lsqb: '[',
  lowbar: '_',
  lpar: '(',
  lt: '<',
  num: '#',
  percnt: '%',
  period: '.',
  plus: '+',
  quest: '?',
  quot: '"',
  rbrace: '}',
  rcub: '}',
  rbrack: ']',
  rsqb: ']',
  rpar: ')',
  semi: ';',
  sol: '/',
  tilde: '~',
  underbar: '_',
  verbar: '|',
  vert: '|',
}

const base64Digits = /[\w+/-]/
const hexDigits = /[\da-f]/i

/** Finds the runs of these digits that have at least this length. */
function runsOf(text: string, digits: RegExp, minLength: number): readonly string[] {
  const runs: string[] = []
  let from = 0
  for (let at = 0; at <= text.length; at += 1) {
    if (at < text.length && digits.test(text.charAt(at))) continue
    if (at - from >= minLength) runs.push(text.slice(from, at))
    from = at + 1
  }
  return runs
}

/** Decodes at each of four offsets, because a run may be part of a longer one and begin within a group of four. */
function decodeBase64(run: string): readonly string[] {
  const digits = run.replaceAll('-', '+').replaceAll('_', '/')
  return [0, 1, 2, 3].flatMap((from) => {
    const length = digits.length - from
    // A single digit at the end encodes no whole byte.
    const whole = digits.slice(from, length % 4 === 1 ? -1 : undefined)
    return whole === '' ? [] : asTexts(atob(whole))
  })
}

function decodeHex(run: string): readonly string[] {
  return [0, 1].flatMap((from) => {
    let bytes = ''
    for (let at = from; at + 2 <= run.length; at += 2) {
      bytes += String.fromCharCode(Number.parseInt(run.slice(at, at + 2), 16))
    }
    return asTexts(bytes)
  })
}

/** Returns bytes as text, and also as UTF-8 if they can be. */
function asTexts(bytes: string): readonly string[] {
  const text = fromUtf8(bytes)
  return text === bytes ? [bytes] : [bytes, text]
}
