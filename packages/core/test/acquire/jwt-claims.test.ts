import { describe, expect, it, vi } from 'vitest'
import { readJwtClaims } from '../../src/acquire/jwt-claims.ts'

const encode = (text: string): string => Buffer.from(text).toString('base64url')

describe('readJwtClaims', () => {
  it('reads the claims of a signed JWT, also beyond ASCII', () => {
    expect(readJwtClaims(`x.${encode('{"sub":"robot ü ÿ"}')}.y`)).toEqual({ sub: 'robot ü ÿ' })
  })

  it('reads claims that are spread over lines', () => {
    expect(readJwtClaims(`x.${encode(JSON.stringify({ exp: 1 }, undefined, 2))}.y`)).toEqual({ exp: 1 })
  })

  it('decodes no token that only has two dots, as some opaque ones do', () => {
    const decode = vi.spyOn(globalThis, 'atob')
    try {
      expect(readJwtClaims('1893456000000.17.xxxx')).toEqual({})
      expect(decode).not.toHaveBeenCalled()
    } finally {
      decode.mockRestore()
    }
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
