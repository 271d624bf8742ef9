import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redact } from '../../src/acquire/redact.ts'
import { SecretTraces } from '../../src/acquire/secret-traces.ts'
import { measureGrowth, mostGrowth } from '../growth.ts'

const secret = 'p&"<Wö/d+9%_Q7~tR\'2\\kZ=x'
const hex = Buffer.from(secret).toString('hex')
const base64 = Buffer.from(secret).toString('base64')
const unicode = (text: string): string =>
  [...text].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
const html = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')

const forms: Readonly<Record<string, string>> = {
  'as it is': secret,
  'without its end': secret.slice(0, 8),
  'without its begin': secret.slice(-8),
  'in capitals': secret.toUpperCase(),
  'with a line break in it': `${secret.slice(0, 4)}\r\n${secret.slice(4)}`,
  'with spaces between': [...secret].join(' '),
  'with invisible characters between': [...secret].join('\u200b'),
  'in full width': [...secret]
    .map((one) => (one > ' ' && one < '\x7f' ? String.fromCharCode(one.charCodeAt(0) + 0xfee0) : one))
    .join(''),
  'percent-encoded': encodeURIComponent(secret),
  'percent-encoded in lower case': encodeURIComponent(secret).toLowerCase(),
  'percent-encoded twice': encodeURIComponent(encodeURIComponent(secret)),
  'percent-encoded, each byte': hex.replace(/../g, '%$&'),
  'form-encoded': new URLSearchParams({ x: secret }).toString().slice(2),
  'escaped for JSON': JSON.stringify(secret),
  'escaped for JSON, each character': unicode(secret),
  'escaped for JSON twice': JSON.stringify(JSON.stringify(secret)),
  'escaped for JavaScript': hex.replace(/../g, '\\x$&'),
  'escaped for JavaScript in braces': [...secret].map((one) => `\\u{${one.charCodeAt(0).toString(16)}}`).join(''),
  'escaped for HTML': html(secret),
  'escaped for HTML in decimal': [...secret].map((one) => `&#${one.charCodeAt(0)};`).join(''),
  'escaped for HTML in hexadecimal': [...secret]
    .map((one) => `&#x${one.charCodeAt(0).toString(16).toUpperCase()}`)
    .join(''),
  'escaped for HTML by name': secret
    .replace('&', '&amp;')
    .replace('/', '&sol;')
    .replace('+', '&plus;')
    .replace('=', '&equals;'),
  'escaped for JSON in HTML': html(JSON.stringify(secret)),
  'quoted-printable': hex.toUpperCase().replace(/../g, '=$&'),
  'in Base64': base64,
  'in Base64 without padding': base64.replace(/=+$/, ''),
  'in Base64 for URLs': Buffer.from(secret).toString('base64url'),
  'in Base64, truncated': base64.slice(0, 20),
  'in Base64, without its begin': base64.slice(7),
  'in Base64 behind other bytes': Buffer.from(`a user:${secret}`).toString('base64'),
  'in Base64 with line breaks': base64.replace(/.{10}/g, '$&\r\n'),
  'in Base64 twice': Buffer.from(base64).toString('base64'),
  'in Base64, percent-encoded': encodeURIComponent(base64),
  'percent-encoded in Base64': Buffer.from(encodeURIComponent(secret)).toString('base64'),
  'in Base64 three times': Buffer.from(Buffer.from(base64).toString('base64')).toString('base64'),
  'in Base64, its last 8 bytes': Buffer.from(secret.slice(-8)).toString('base64url'),
  'in hexadecimal, its last 8 bytes': Buffer.from(secret.slice(-8)).toString('hex'),
  'in hexadecimal': hex,
  'in hexadecimal capitals behind a digit': `7${hex.toUpperCase()}`,
}

/** Encodings of one text. */
const encodings: readonly ((text: string) => string)[] = [
  (text) => text,
  encodeURIComponent,
  (text) => JSON.stringify(text),
  html,
  unicode,
  (text) => Buffer.from(text).toString('base64'),
  (text) => Buffer.from(text).toString('base64url'),
  (text) => Buffer.from(text).toString('hex'),
]

describe('traces of a secret', () => {
  it.each(Object.entries(forms))('X1: are found %s', (_, form) => {
    const text = `the secret <${form}> is wrong`
    expect(new SecretTraces([secret]).areIn(text)).toBe(true)
    const shown = redact(text, [secret])
    expect(shown).toContain('[redacted]')
    expect(new SecretTraces([secret]).areIn(shown)).toBe(false)
  })

  it('X1: are found for any secret, at any place, in any of these forms', () => {
    const visible = fc.string({
      unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
      minLength: 12,
      maxLength: 60,
    })
    fc.assert(
      fc.property(
        visible,
        fc.constantFrom(...encodings),
        fc.nat(),
        fc.string({ maxLength: 20 }),
        (one, encode, from, around) => {
          const start = from % (one.length - 9)
          // Not cut within an escape: what is left of one is no text any more.
          const part = encode(one.slice(start, start + 10))
          expect(new SecretTraces([one]).areIn(`${around} ${part} ${around}`)).toBe(true)
        },
      ),
    )
  })

  it('X1: are found of a secret that looks like an escape itself', () => {
    for (const one of ['!!%00!!!!!!!', 'a&amp;b&#43;c&lt;', 'x\\u0041y\\n=20z', 'QUJDREVGR0g=', '4142434445464748']) {
      for (const encode of [encodeURIComponent, (text: string) => JSON.stringify(text), html, unicode]) {
        expect(new SecretTraces([one]).areIn(`<${encode(one)}>`), `${encode}`).toBe(true)
      }
    }
  })

  it.each([
    ['of words, which a form joins by +', 'correct horse battery', 'correct+horse+battery'],
    ['of letters beyond a byte', 'Ātem-Āpfel', '&#256;tem&#45;&#256;pfel'],
    ['with digits of Base64 for URLs', '???~?>???~?>', Buffer.from('???~?>???~?>').toString('base64url')],
    ['around an escape of no character', 'abcdefgh', 'abcd&#9999999;efgh'],
    ['beside an unknown name of HTML', 'p&none;q', '&#112;&none;&#113;'],
    ['escaped by a name in capitals', 'ab&cd&ef', 'ab&AMP;cd&AMP;ef'],
    ['whose slashes are escaped, as in the JSON of PHP', 'ab/cd/ef', 'ab\\/cd\\/ef'],
    ['of letters beyond ASCII, percent-encoded', 'Zäöü1ßéñ', encodeURIComponent('Zäöü1ßéñ')],
    ['of letters beyond ASCII, in Base64', 'Zäöü1ßéñ', Buffer.from('Zäöü1ßéñ').toString('base64')],
  ])('X1: are found of a secret %s', (_, one, text) => {
    expect(new SecretTraces([one]).areIn(`<${text}>`)).toBe(true)
  })

  it('X1: are masked at the beginning and at the end of a text', () => {
    expect(new SecretTraces(['s3cret']).mask('s3cret or s3cret')).toBe('[redacted] or [redacted]')
  })

  it.each(['sesame opener', 'sesame o', 's opensesame', ' sesame opener\n', 'open  sesame', 's e s a m e s'])(
    'X1: are masked to the last character of a secret with white space: %j',
    (one) => {
      expect(new SecretTraces([one]).mask(`it is ${one.trim()} again`)).toBe('it is [redacted] again')
    },
  )

  it('X1: white space around a trace stays', () => {
    const traces = new SecretTraces([`open ${' '.repeat(9)}sesame`])
    expect(traces.mask(`it is ${' '.repeat(9)}sesame`)).toBe(`it is ${' '.repeat(9)}[redacted]`)
  })

  it('X1: are not found in a text that ends like the secret', () => {
    const traces = new SecretTraces(['Zq8~9vT.kLm2pX'])
    for (const end of ['X', 'pX', 'kLm2pX']) {
      expect(traces.areIn(`no ${end}`)).toBe(false)
      expect(traces.mask(`no ${end}`)).toBe(`no ${end}`)
    }
  })

  it('X1: are not found in a text that shares less than 8 characters with it', () => {
    const words =
      'AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app 5f2c3e1a-0b7d-4f7e-9a51-d2b8a1c0e4f6. Trace ID: 1f0d3c5b-6a7e-4d2f-8b9c-0a1b2c3d4e5f &amp; \\"x\\" %41 100%'
    for (const one of [secret, 'Zq8~9vT.kLm2pX-47hRw_s0', Buffer.from('app:other').toString('base64')]) {
      expect(redact(words, [one])).toBe(words)
    }
    const short = new SecretTraces(['s3cret'])
    expect([short.areIn('s3cre'), short.areIn('S3CRET'), short.mask('a s3cret b')]).toEqual([
      false,
      true,
      'a [redacted] b',
    ])
    expect(new SecretTraces([]).areIn('x')).toBe(false)
    expect(new SecretTraces(['']).areIn('x')).toBe(false)
  })

  // The HTML standard's named character references for ASCII.
  it.each(
    `amp & apos ' ast * bsol \\ colon : comma , commat @ dollar $ equals = excl ! grave \` gt > hat ^ hyphen - lbrace { lcub {
    lbrack [ lsqb [ lowbar _ lpar ( lt < num # percnt % period . plus + quest ? quot " rbrace } rcub } rbrack ] rsqb ] rpar )
    semi ; sol / tilde ~ underbar _ verbar | vert |`.match(/\S+ \S/g) ?? [],
  )('X3: a character of a secret is found by its name in HTML: %s', (pair) => {
    const [name, character] = pair.split(' ')
    expect(new SecretTraces([`abcd${character}efgh`]).areIn(`it was abcd&${name};efgh`)).toBe(true)
  })

  it('X3: cost grows with the length of a text only, whatever its form', { timeout: 300_000 }, () => {
    const traces = new SecretTraces([secret, 'x'.repeat(2000)])
    for (const part of ['&#', '&amp', '\\u00', '\\\\', '%4', '%25', 'QUJD', '4141', 'a ', '\u0301', '&&&&', '=3D']) {
      const growth = measureGrowth((size) => {
        const text = part.repeat(size / part.length)
        traces.areIn(text)
        traces.mask(text)
      }, 2000)
      expect(growth, part).toBeLessThanOrEqual(mostGrowth)
    }
  })
})
