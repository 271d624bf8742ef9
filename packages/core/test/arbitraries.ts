import fc from 'fast-check'

// Those of fast-check that stand for any code point take most of a second to be made, and these do not.

const codePoint = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((point) => String.fromCodePoint(point))

/** Text of any code points, as from `fc.string({ unit: 'binary' })`. */
export function anyText(): fc.Arbitrary<string> {
  return fc.string({ unit: codePoint })
}

/** An http or https URL with any path, as from `fc.webUrl()`. */
export function anyWebUrl(): fc.Arbitrary<string> {
  const path = fc.array(anyText().map((text) => `/${encodeURIComponent(text)}`))
  return fc
    .tuple(fc.constantFrom('http', 'https'), fc.domain(), path)
    .map(([scheme, host, segments]) => `${scheme}://${host}${segments.join('')}`)
}
