import fc from 'fast-check'

const codePoint = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((point) => String.fromCodePoint(point))

/** Text of any code points, as `fc.string({ unit: 'binary' })` makes it, which takes a second to be built. */
export function anyText(): fc.Arbitrary<string> {
  return fc.string({ unit: codePoint })
}
