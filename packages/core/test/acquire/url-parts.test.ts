import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostLabel, hostName, pathSegment } from '../../src/acquire/url-parts.ts'
import { NightlatchError } from '../../src/errors.ts'
import { anyText } from '../arbitraries.ts'

type Check = (value: string, role: string) => string

/** What a check refuses a value with. */
function refusalOf(check: Check, value: unknown): NightlatchError {
  try {
    check(value as string, 'the tenant')
  } catch (failure) {
    if (failure instanceof NightlatchError) return failure
    throw failure
  }
  throw new Error('It was accepted.')
}

/** Texts of anything, and of what is dangerous in a URL. */
const anything = fc.oneof(
  fc.string(),
  anyText(),
  fc
    .array(
      fc.constantFrom(
        'a',
        'evil',
        '.test',
        '/',
        '\\',
        '#',
        '?',
        '@',
        ':',
        '%',
        '%2f',
        '%2e',
        '.',
        '-',
        '..',
        '\t',
        '\r\n',
        '\0',
      ),
    )
    .map((parts) => parts.join('')),
  fc.constantFrom('．．', '／', '。', '℀', 'ｅｖｉｌ', 'ß', 'K', '\u202e', '\u200b', '\ud800', 'xn--80ak6aa92e'),
)

const notLabels: readonly (readonly [string, unknown])[] = [
  ['another host', 'evil.test/#'],
  ['a host of two labels', 'a.b'],
  ['a dot', '.'],
  ['two dots', '..'],
  ['nothing', ''],
  ['a space', ' '],
  ['a space at the end', 'acme '],
  ['a line break', 'acme\n'],
  ['a control character', 'ac\u0000me'],
  ['a percent sign', 'evil%2etest'],
  ['a slash', 'a/b'],
  ['a backslash', 'a\\b'],
  ['a user name', 'me@evil'],
  ['a port', 'a:8443'],
  ['a query', 'a?b'],
  ['a fragment', 'a#b'],
  ['an underscore', 'a_b'],
  ['a hyphen in front', '-a'],
  ['a hyphen at the end', 'a-'],
  ['punycode', 'xn--80ak6aa92e'],
  ['punycode in capitals', 'XN--80ak6aa92e'],
  ['Cyrillic that looks like Latin', '\u0430cme'],
  ['full-width letters', 'ａｃｍｅ'],
  ['an ideographic full stop', 'a\u3002test'],
  ['a soft hyphen', 'ac\u00adme'],
  ['the Kelvin sign, which lower case makes a k', '\u212a'],
  ['64 characters', 'a'.repeat(64)],
  ['undefined', undefined],
  ['null', null],
  ['a number', 7],
  ['an object', { toString: () => 'acme' }],
  ['a list', ['acme']],
]

describe('hostLabel', () => {
  it.each(['a', 'acme', 'ACME-2', '7', 'acme--uat', 'eu1', 'faxn--b', 'a'.repeat(63)])('P4: %s is a label', (value) => {
    expect(hostLabel(value, 'tenant')).toBe(value)
    expect(new URL(`https://${value}.acme.test/token`).hostname).toBe(`${value.toLowerCase()}.acme.test`)
  })

  it.each(notLabels)('P4: %s is none', (_, value) => {
    expect(refusalOf(hostLabel, value)).toMatchObject({ code: 'invalid_options', retryable: false })
  })

  it('P4: an accepted value stays one label of the host, and changes nothing else in the URL', () => {
    fc.assert(
      fc.property(anything, (value) => {
        if (!accepts(hostLabel, value)) return
        const url = new URL(`https://${value}.acme.test/token`)
        expect(url.href).toBe(`https://${value.toLowerCase()}.acme.test/token`)
        expect(url.hostname.split('.')).toHaveLength(3)
      }),
      { numRuns: 2000 },
    )
  })

  it('P4: letters, digits and inner hyphens are accepted', () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
    fc.assert(
      fc.property(
        label.filter((value) => !value.startsWith('xn--')),
        (value) => hostLabel(value, 'tenant') === value,
      ),
    )
  })
})

describe('hostName', () => {
  it.each(['localhost', 'acme.test', 'Login.Acme-2.test', 'a.b.c.d.e', '7.acme.test', 'acme.te5t'])(
    'P4: %s is a host',
    (value) => {
      expect(hostName(value, 'domain')).toBe(value)
      expect(new URL(`https://${value}/token`).hostname).toBe(value.toLowerCase())
    },
  )

  const notHosts = [
    ...notLabels.filter(([name]) => name !== 'a host of two labels'),
    ['an empty label', 'a..test'],
    ['a dot at the end', 'acme.test.'],
    ['a dot in front', '.acme.test'],
    ['a scheme', 'https://acme.test'],
    ['a path', 'acme.test/x'],
    ['a port', 'acme.test:8443'],
    ['an IPv4 address', '127.0.0.1'],
    ['an IPv4 address as one number', '2130706433'],
    ['an IPv4 address in hexadecimal', '0x7f.1'],
    ['an IPv6 address', '[::1]'],
    ['punycode in a label', 'login.xn--80ak6aa92e.test'],
    ['254 characters', `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(62)}`],
  ] as const
  it.each(notHosts)('P4: %s is none', (_, value) => {
    expect(refusalOf(hostName, value)).toMatchObject({ code: 'invalid_options' })
  })

  it('P4: 253 characters are a host', () => {
    const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`
    expect(hostName(longest, 'domain')).toHaveLength(253)
  })

  it('P4: an accepted value is the whole host, and nothing else in the URL', () => {
    const joined = fc.array(anything, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
    fc.assert(
      fc.property(fc.oneof(anything, joined, fc.domain(), fc.ipV4Extended()), (value) => {
        if (accepts(hostName, value))
          expect(new URL(`https://${value}/x`).href).toBe(`https://${value.toLowerCase()}/x`)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('pathSegment', () => {
  it.each([
    ['acme', 'acme'],
    ['my realm', 'my%20realm'],
    ['Bücher', 'B%C3%BCcher'],
    ['a.b', 'a.b'],
    ['..a', '..a'],
    ['a..', 'a..'],
    ['a;b=c&d+e@f:g', 'a%3Bb%3Dc%26d%2Be%40f%3Ag'],
    ['a8990e1f-ff32-408a-9f8e-78d3b9139b95', 'a8990e1f-ff32-408a-9f8e-78d3b9139b95'],
    ['contoso.onmicrosoft.com', 'contoso.onmicrosoft.com'],
    ['\u{1f511}', '%F0%9F%94%91'],
    ['x'.repeat(255), 'x'.repeat(255)],
  ])('P4: %s becomes %s', (value, segment) => {
    expect(pathSegment(value, 'realm')).toBe(segment)
    expect(new URL(`https://acme.test/a/${segment}/token`).pathname).toBe(`/a/${segment}/token`)
  })

  it.each([
    ['another path', 'evil.test/#'],
    ['the way up', '..'],
    ['the same place', '.'],
    ['many dots', '...'],
    ['the way up, encoded', '%2e%2e'],
    ['the way up, encoded twice', '%252e%252e'],
    ['a slash', 'a/b'],
    ['a slash, encoded', 'a%2Fb'],
    ['a backslash', 'a\\b'],
    ['a query', 'a?b'],
    ['a fragment', 'a#b'],
    ['nothing', ''],
    ['a space', ' '],
    ['a space at the end', 'acme '],
    ['a line break', 'a\r\nb'],
    ['a zero', 'a\0b'],
    ['delete', 'a\u007f'],
    ['a character that turns the writing', 'a\u202eb'],
    ['a zero-width space', 'a\u200bb'],
    ['half a character', 'a\ud800'],
    ['full-width dots', '．．'],
    ['a full-width slash', 'a／b'],
    ['a character that normalises to a/c', '℀'],
    ['a full-width percent sign', '％2e'],
    ['256 characters', 'x'.repeat(256)],
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
  ])('P4: %s is rejected', (_, value) => {
    expect(refusalOf(pathSegment, value)).toMatchObject({ code: 'invalid_options' })
  })

  it('P4: an accepted value stays one segment of the path, and decodes to itself', () => {
    fc.assert(
      fc.property(anything, (value) => {
        if (!accepts(pathSegment, value)) return
        const url = new URL(`https://acme.test/a/${pathSegment(value, 'realm')}/token?x=1`)
        expect([url.host, url.search, url.hash]).toEqual(['acme.test', '?x=1', ''])
        expect(url.pathname.split('/').map(decodeURIComponent)).toEqual(['', 'a', value, 'token'])
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the message of a check', () => {
  it.each([
    [
      hostLabel,
      'MARKED/x',
      'the tenant must be letters (a to z), digits and hyphens, with no hyphen at either end; it becomes one label of a host name',
    ],
    [hostLabel, '', 'the tenant must not be empty'],
    [
      hostLabel,
      undefined,
      'the tenant must be a string (if it comes from an environment variable, check that it is set)',
    ],
    [
      hostName,
      'MARKED.test/x',
      'the tenant must be only a host name such as login.example.com: each label must be letters (a to z), digits and hyphens, with no hyphen at either end',
    ],
    [hostLabel, 'a'.repeat(64), 'the tenant must have at most 63 characters; it becomes one label of a host name'],
    [hostLabel, 'xn--80ak6aa92e', 'the tenant must not begin with xn--; it becomes one label of a host name'],
    [
      hostName,
      'a..test',
      'the tenant must be only a host name such as login.example.com: each label must not be empty',
    ],
    [
      hostName,
      Array.from({ length: 127 }, () => 'a')
        .join('.')
        .concat('b'),
      'the tenant must have at most 253 characters; it becomes a host name',
    ],
    [hostName, '10.0.0.1', 'the tenant must be a name, not an IP address'],
    [pathSegment, '..', 'the tenant must not consist of dots only; it becomes one segment of a path'],
    [pathSegment, 'a'.repeat(256), 'the tenant must have at most 255 characters; it becomes one segment of a path'],
    [pathSegment, ' a', 'the tenant must not begin or end with white space; trim it; it becomes one segment of a path'],
    [
      pathSegment,
      'a\u200bb',
      'the tenant must not contain control characters, invisible characters or half a character; it becomes one segment of a path',
    ],
    [
      pathSegment,
      'MARKED/x',
      'the tenant must not contain / \\ ? # or %; it must not be percent-encoded yet; it becomes one segment of a path',
    ],
  ] as const)('P4: the role and the way out (%#)', (check, value, said) => {
    expect(refusalOf(check, value).message).toBe(said)
  })

  it('X1: never contains the value, which may be a misplaced secret', () => {
    fc.assert(
      fc.property(fc.constantFrom<Check>(hostLabel, hostName, pathSegment), anything, (check, value) => {
        const marked = `${value}/MARKED`
        expect(refusalOf(check, marked).message).not.toContain('MARKED')
      }),
    )
  })
})

function accepts(check: Check, value: string): boolean {
  try {
    check(value, 'x')
    return true
  } catch (failure) {
    // Nothing but a refusal: a check that breaks is a check that fails.
    expect(failure).toBeInstanceOf(NightlatchError)
    return false
  }
}
