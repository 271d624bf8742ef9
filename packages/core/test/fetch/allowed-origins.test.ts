import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cacheOrigin, createOriginCheck } from '../../src/fetch/allowed-origins.ts'
import { anyText } from '../arbitraries.ts'

const check = createOriginCheck(
  [
    'https://api.acme.example',
    'https://*.acme.example',
    'https://*.eu.acme.test:8443',
    'http://127.0.0.1:8080',
    'http://api.internal.example',
  ],
  false,
)

describe('allowed origins', () => {
  it.each([
    'https://api.acme.example/v1?x=1',
    'https://API.acme.example:443/',
    'https://one.acme.example',
    'https://one.eu.acme.test:8443/x',
    'http://127.0.0.1:8080/x',
  ])('H1: %s is an allowed origin', (url) => {
    expect(check(new URL(url))).toBe(true)
  })

  it.each([
    'https://acme.example',
    'https://a.b.acme.example',
    'https://one.acme.example.evil.test',
    'https://evil.test/.acme.example',
    'https://evil.test/#.acme.example',
    'https://one.acme.example@evil.test',
    'https://one.acme.example:8443',
    'https://one.eu.acme.test',
    'https://oneXacme.example',
    'http://api.acme.example',
    'http://127.0.0.1:8081/x',
    'http://api.internal.example',
    'ftp://api.acme.example',
    'https://api.acme.example.',
    'https://any-label.evil.test',
  ])('H1: %s is not an allowed origin', (url) => {
    expect(check(new URL(url))).toBe(false)
  })

  it('H1: `*` stands for exactly one label', () => {
    const literal = createOriginCheck(
      ['https://any-label.acme.example', 'https://*.any-label.acme.test', 'https://*.*.b.test'],
      false,
    )
    const passes = (url: string): boolean => literal(new URL(url))
    expect(passes('https://any-label.acme.example')).toBe(true)
    expect(passes('https://evil.acme.example')).toBe(false)
    expect(passes('https://x.any-label.acme.test')).toBe(true)
    expect(passes('https://x.evil.acme.test')).toBe(false)
    expect(passes('https://x.y.b.test')).toBe(true)
    for (const host of ['x.b.test', 'x.y.z.b.test', '.x.b.test', 'x_.y.b.test', 'x..b.test', 'evil-b.test', 'b.test']) {
      expect(passes(`https://${host}`), host).toBe(false)
    }
  })

  it('H1: plain http requires both the permission and the origin', () => {
    const permitted = createOriginCheck(['http://api.internal.example'], true)
    expect(permitted(new URL('http://api.internal.example/x'))).toBe(true)
    expect(permitted(new URL('http://other.internal.example/x'))).toBe(false)
  })
})

describe('a cached origin', () => {
  const remembering = (): { check: (address: string) => boolean; parsed: () => number } => {
    let parsed = 0
    const counting = cacheOrigin((url) => {
      parsed += 1
      return check(url)
    })
    return { check: counting, parsed: () => parsed }
  }

  it('H1: is checked once, and another origin is checked anew', () => {
    const one = remembering()
    for (const path of ['/a', '/b?x', '/../c', '/']) expect(one.check(`https://api.acme.example${path}`)).toBe(true)
    expect(one.parsed()).toBe(1)
    expect(one.check('https://one.acme.example/a')).toBe(true)
    expect(one.check('https://api.acme.example.evil.test/a')).toBe(false)
    expect(one.check('https://api.acme.example:8443/a')).toBe(false)
    expect(one.check('https://api.acme.example@evil.test/a')).toBe(false)
    expect(() => one.check('/relative')).toThrow(TypeError)
  })

  it('H1: an address with any text after the slash has that origin', () => {
    const piece = fc.oneof(
      fc.string(),
      anyText(),
      fc.constantFrom('@', '\\', '//', '..', '\t', '\n', '%2f', '#', '?', ':', 'https://evil.test', '@evil.test'),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const address = `https://api.acme.example/${pieces.join('')}`
        return !URL.canParse(address) || new URL(address).origin === 'https://api.acme.example'
      }),
    )
  })
})
