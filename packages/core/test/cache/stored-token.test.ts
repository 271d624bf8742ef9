import { describe, expect, it } from 'vitest'
import { createAccessToken } from '../../src/acquire/access-token.ts'
import { fromStored, toStored } from '../../src/cache/stored-token.ts'

const token = createAccessToken({
  value: 'secret-value',
  type: 'Bearer',
  scopes: ['read'],
  expiresAt: new Date(2_000_000),
  extra: { organisation: 'x' },
})

describe('stored token', () => {
  it('comes back through JSON as it went in', () => {
    const stored = JSON.parse(JSON.stringify(toStored(token, 1_900_000)))
    const back = fromStored(stored)
    expect(stored.expiresAt).toBe(1_900_000)
    expect(back?.value).toBe('secret-value')
    expect(back?.scopes).toEqual(['read'])
    expect(back?.expiresAt).toEqual(new Date(2_000_000))
    expect(back?.extra).toEqual({ organisation: 'x' })
  })

  it.each([
    ['nothing', undefined],
    ['another schema', { ...toStored(token, 1), schema: 2 }],
    ['no schema', { expiresAt: 1 }],
    ['no value', { ...toStored(token, 1), value: undefined }],
    ['a value that no header may carry', { ...toStored(token, 1), value: 'a\r\nb' }],
    ['scopes that are none', { ...toStored(token, 1), scopes: 'read' }],
    ['an end that is none', { ...toStored(token, 1), endsAt: 'soon' }],
  ])('S1: %s is a miss', (_what, stored) => {
    expect(fromStored(stored)).toBeUndefined()
  })
})
