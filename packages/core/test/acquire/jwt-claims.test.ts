import { describe, expect, it } from 'vitest'
import { readJwtClaims } from '../../src/acquire/jwt-claims.ts'

const encode = (text: string): string => Buffer.from(text).toString('base64url')

describe('readJwtClaims', () => {
  it('reads the claims of a signed JWT, also beyond ASCII', () => {
    expect(readJwtClaims(`x.${encode('{"sub":"robot ü ÿ"}')}.y`)).toEqual({ sub: 'robot ü ÿ' })
  })

  it.each([
    ['an encrypted JWT', `x.${encode('{"sub":"a"}')}.y.z.w`],
    ['two parts', `x.${encode('{"sub":"a"}')}`],
    ['no JSON', `x.${encode('{')}.y`],
    ['no Base64', 'x.?.y'],
    ['null', `x.${encode('null')}.y`],
    ['a text', `x.${encode('"exp"')}.y`],
    ['an empty part', 'x..y'],
  ])('returns nothing for %s', (_, jwt) => {
    expect(readJwtClaims(jwt)).toEqual({})
  })
})
