import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ClientEvent } from '../../src/events.ts'
import { AllowedOrigins, cacheOrigin } from '../../src/fetch/allowed-origins.ts'
import type { Provider } from '../../src/index.ts'
import { anyText } from '../arbitraries.ts'

const acme: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }

/** A check of origins in the form of a provider's `apiOrigins`. */
function createCheck(apiOrigins: readonly string[], allowInsecureRequests: boolean): (url: URL) => boolean {
  const origins = new AllowedOrigins({ provider: { ...acme, apiOrigins }, emit: () => {} }, allowInsecureRequests)
  return (url) => origins.allows(url)
}

const check = createCheck(
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
    const literal = createCheck(
      ['https://any-label.acme.example', 'https://*.any-label.acme.test', 'https://*.*.b.test'],
      false,
    )
    const passes = (url: string): boolean => literal(new URL(url))
    expect(passes('https://any-label.acme.example')).toBe(true)
    expect(passes('https://evil.acme.example')).toBe(false)
    expect(passes('https://x.any-label.acme.test')).toBe(true)
    expect(passes('https://x.evil.acme.test')).toBe(false)
    expect(passes('https://x.y.b.test')).toBe(true)
    for (const host of [
      'x.b.test',
      'x.y.z.b.test',
      '.x.b.test',
      'x_.y.b.test',
      '_x.y.b.test',
      'x..b.test',
      'evil-b.test',
      'b.test',
    ]) {
      expect(passes(`https://${host}`), host).toBe(false)
    }
  })

  it('H1: a URL of another scheme is not allowed, though its origin is that of the API', () => {
    const url = new URL('blob:https://api.acme.example/x')
    expect(url.origin).toBe('https://api.acme.example')
    for (const allows of [true, false]) expect(createCheck([url.origin], allows)(url)).toBe(false)
  })

  it('H1: plain http requires both the permission and the origin', () => {
    const permitted = createCheck(['http://api.internal.example'], true)
    expect(permitted(new URL('http://api.internal.example/x'))).toBe(true)
    expect(permitted(new URL('http://other.internal.example/x'))).toBe(false)
    const wild = createCheck(['https://*.acme.example'], true)
    expect(['https', 'http'].map((scheme) => wild(new URL(`${scheme}://one.acme.example`)))).toEqual([true, false])
  })
})

describe('a cached origin', () => {
  const remembering = (): { check: (address: string) => boolean; parsed: () => number } => {
    let parsed = 0
    const counting = cacheOrigin({
      allows(url) {
        parsed += 1
        return check(url)
      },
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

describe("the API's own origin", () => {
  const url = new URL('https://api.acme.test/v2/orders')
  const create = (provider: Partial<Provider>, own?: string): AllowedOrigins =>
    new AllowedOrigins({ provider: { ...acme, ...provider }, emit: () => {} }, false, own)

  it('H1: is allowed if the provider names it, or the caller does', () => {
    expect(create({}).allows(url)).toBe(false)
    expect(create({ api: 'https://api.acme.test/v2' }).allows(url)).toBe(true)
    expect(create({ api: new URL('https://api.acme.test/v2') }).allows(url)).toBe(true)
    expect(create({}, url.origin).allows(url)).toBe(true)
    expect(create({ api: 'https://api.acme.test' }, 'https://login.acme.example').allows(url)).toBe(false)
  })

  it('H1: is allowed from its discovery on', () => {
    const origins = create({ api: () => Promise.reject(new Error('not asked here')) })
    expect(origins.allows(url)).toBe(false)
    origins.add(new URL('https://api.acme.test'))
    expect(origins.allows(url)).toBe(true)
    expect(origins.allows(new URL('http://api.acme.test'))).toBe(false)
  })
})

describe('an origin that is not allowed', () => {
  it('H1: is reported to the caller and by an event, without the query', () => {
    const events: ClientEvent[] = []
    const origins = new AllowedOrigins({ provider: acme, emit: (event) => events.push(event) }, false)
    const error = origins.refuse(new URL('http://api.acme.example/x?secret=1'))
    expect(error).toMatchObject({ code: 'origin_refused', provider: 'acme' })
    expect(error.message).toContain('An http origin is allowed only on a loopback address or')
    expect(error.message).not.toContain('secret')
    expect(events).toEqual([{ type: 'origin.refused', provider: 'acme', origin: 'http://api.acme.example', error }])
  })

  it('H1: the message says what to change', () => {
    const at = (provider: Provider, address: string): string =>
      new AllowedOrigins({ provider, emit: () => {} }, false).refuse(new URL(address)).message
    expect(at(acme, 'https://x.test')).toBe(
      "acme: https://x.test is not an allowed origin for this token. Add it to the provider's `apiOrigins`.",
    )
    expect(at({ ...acme, api: 'https://api.acme.example/v2' }, 'https://x.test')).toMatch(
      /Add it to the provider's `apiOrigins`, or use the API's own origin \(https:\/\/api\.acme\.example\)\.$/,
    )
    const discovers = { ...acme, api: () => Promise.reject(new Error('not asked here')) }
    expect(at(discovers, 'https://x.test')).toContain('client.api() or client.info() has discovered it')
  })
})
