import { describe, expect, it } from 'vitest'
import { findUrlMistake, isLoopback } from '../../src/platform/url-mistakes.ts'

describe('isLoopback', () => {
  it.each([
    'localhost',
    'LOCALHOST',
    'api.localhost',
    '127.0.0.1',
    '127.255.255.254',
    '127.1',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    'localhost.',
  ])('G7: %s is', (host) => {
    expect(isLoopback(new URL(`http://${host}:8080/`))).toBe(true)
  })

  it.each([
    'localhost.acme.test',
    'mylocalhost',
    '127.0.0.1.acme.test',
    '128.0.0.1',
    '10.0.0.1',
    '0.0.0.0',
    '[::]',
    '[fe80::1]',
    '[::2]',
    'acme.test',
  ])('G7: %s is not', (host) => {
    expect(isLoopback(new URL(`http://${host}:8080/`))).toBe(false)
  })
})

describe('findUrlMistake', () => {
  it('G7: https is fine everywhere, http on this machine alone', () => {
    expect(findUrlMistake('https://login.acme.test/x?y', false)).toBeUndefined()
    expect(findUrlMistake('http://localhost/x', false)).toBeUndefined()
    expect(findUrlMistake('http://login.acme.test/x', false)).toContain('https')
    expect(findUrlMistake('http://login.acme.test/x', true)).toBeUndefined()
    expect(findUrlMistake(new URL('http://login.acme.test/x'), false)).toContain('https')
  })

  it('X3: a URL is read only up to a length', () => {
    const url = (length: number): string => 'https://a.test/'.padEnd(length, '/')
    expect(findUrlMistake(url(8192), false)).toBeUndefined()
    expect(findUrlMistake(url(8193), false)).toBe('must be 8192 characters at most')
    expect(findUrlMistake(new URL(url(8193)), false)).toBe('must be 8192 characters at most')
  })

  it.each([
    '',
    'x',
    'https://',
    'https://MARKED:x@a.test',
    'https://MARKED@a.test',
    'https://:MARKED@a.test',
    'https://a.test/#MARKED',
    'ws://a.test/MARKED',
  ])('X1: %s is refused without being repeated', (url) => {
    const mistake = findUrlMistake(url, true)
    expect(mistake).toMatch(/^must /)
    expect(mistake).not.toContain('MARKED')
  })
})
