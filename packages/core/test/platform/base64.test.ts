import { describe, expect, it } from 'vitest'
import { fromBase64, fromBase64Url, toBase64, toBase64Url } from '../../src/platform/base64.ts'

describe('Base64', () => {
  it.each([0, 1, 2, 3, 4, 300])('encodes and decodes %d bytes as Node does', (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + 248) % 256)
    const expected = Buffer.from(bytes)
    expect(toBase64(bytes)).toBe(expected.toString('base64'))
    expect(toBase64Url(bytes)).toBe(expected.toString('base64url'))
    expect(fromBase64(expected.toString('base64'))).toEqual(bytes)
    expect(fromBase64Url(expected.toString('base64url'))).toEqual(bytes)
  })

  it('encodes more bytes than a call takes arguments', () => {
    const bytes = new Uint8Array(500_000).fill(251)
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
  })

  it('in its form for URLs has neither plus, slash nor padding, however many there are', () => {
    expect(toBase64(new Uint8Array([251, 255, 191, 251, 255, 191, 0]))).toBe('+/+/+/+/AA==')
    expect(toBase64Url(new Uint8Array([251, 255, 191, 251, 255, 191, 0]))).toBe('-_-_-_-_AA')
    expect(fromBase64Url('-_-_-_-_AA')).toEqual(new Uint8Array([251, 255, 191, 251, 255, 191, 0]))
  })

  it('throws for other text', () => {
    expect(() => fromBase64('?')).toThrow(DOMException)
    expect(() => fromBase64Url('?')).toThrow(DOMException)
  })
})
