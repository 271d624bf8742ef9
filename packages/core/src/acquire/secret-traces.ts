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
      addRuns(this.#clear, secret.trim())
      addRuns(this.#folded, fold(secret))
    }
  }

  /** Replaces each run that is in clear. */
  mask(text: string): string {
    const isTrace = new Uint8Array(text.length)
    for (const [length, runs] of this.#clear) {
      for (const [at, run] of runsOf(text, length).entries()) {
        // White space around a run is shown.
        if (runs.has(run)) isTrace.fill(1, at + length - run.trimStart().length, at + run.trimEnd().length)
      }
    }
    let masked = ''
    for (let at = 0; at < text.length; at += 1) {
      if (isTrace[at] === 0) masked += text.charAt(at)
      else if (isTrace[at - 1] !== 1) masked += redacted
    }
    return masked
  }

  /** Whether the text contains a run: in clear, in other letters, broken by white space, or encoded. */
  areIn(text: string): boolean {
    const seen = new Set<string>()
    let level: readonly string[] = [text]
    for (let depth = 0; ; depth += 1) {
      const fresh = [...new Set(level)].filter((one) => !seen.has(one))
      if (fresh.some((one) => this.#areInFolded(fold(one)))) return true
      if (depth === maxDepth) return false
      for (const one of fresh) seen.add(one)
      level = fresh.flatMap(decode)
    }
  }

  #areInFolded(text: string): boolean {
    return [...this.#folded].some(([length, runs]) => runsOf(text, length).some((run) => runs.has(run)))
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
  for (const run of runsOf(text, length)) runs.add(run)
}

/** Returns all parts of a text that have this length, in the order of where they begin. */
function runsOf(text: string, length: number): readonly string[] {
  return Array.from({ length: text.length - length + 1 }, (_, at) => text.slice(at, at + length))
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
  // A form's `+` is a space, and white space is not compared.
  const decoded = resolved.flatMap((one) => [one, one.replaceAll('+', '')])
  const dense = text.replace(/\s/g, '')
  // Eight bytes are eleven digits of Base64, and sixteen hexadecimal digits.
  for (const [run] of dense.matchAll(/[\w+/-]{11,}/g)) decoded.push(...decodeBase64(run))
  for (const [run] of dense.matchAll(/[\da-f]{16,}/gi)) decoded.push(...decodeHex(run))
  return decoded
}

/** The escapes of HTML. */
function resolveHtml(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}));?/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return entities[name.toLowerCase()] ?? whole
      return toCharacter(Number(decimal ?? `0x${hex}`))
    },
  )
}

/** The escapes of JSON and JavaScript. */
function resolveBackslashes(text: string): string {
  return text.replace(
    /\\(?:u\{([\da-f]{1,6})\}|u([\da-f]{4})|x([\da-f]{2})|(\S))/gi,
    (_whole, braced?: string, four?: string, two?: string, character?: string) =>
      character ?? toCharacter(Number(`0x${braced ?? four ?? two}`)),
  )
}

/** The escapes of URLs and quoted-printable text. */
function resolveBytes(text: string): string {
  return text.replace(/[%=]([\da-f]{2})/gi, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Decodes a text whose characters are bytes of UTF-8. */
function fromUtf8(text: string): string {
  const codes = Array.from(text, (character) => character.charCodeAt(0))
  return codes.every((code) => code < 256) ? new TextDecoder().decode(Uint8Array.from(codes)) : text
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

/** Decodes at each of four offsets, because a run may be part of a longer one and begin within a group of four. */
function decodeBase64(run: string): readonly string[] {
  const digits = run.replaceAll('-', '+').replaceAll('_', '/')
  return [0, 1, 2, 3].flatMap((from) => {
    const length = digits.length - from
    // A single digit at the end encodes no whole byte.
    const whole = digits.slice(from, length % 4 === 1 ? -1 : undefined)
    return asTexts(atob(whole))
  })
}

function decodeHex(run: string): readonly string[] {
  return [0, 1].flatMap((from) =>
    asTexts(run.slice(from).replace(/../g, (digits) => String.fromCharCode(Number.parseInt(digits, 16)))),
  )
}

/** Returns bytes as text, and also as UTF-8 if they can be. */
function asTexts(bytes: string): readonly string[] {
  return [bytes, fromUtf8(bytes)]
}
