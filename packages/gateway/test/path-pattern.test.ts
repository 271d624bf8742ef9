import { describe, expect, it } from 'vitest'
import { compilePathPattern } from '../src/path-pattern.ts'

describe('a path pattern', () => {
  it.each([
    ['/**', ['/', '/a', '/a/b/c'], []],
    ['/v1/**', ['/v1/', '/v1/a', '/v1/a/b%2Fc'], ['/v1', '/v2/a', '/', '/v10/a']],
    ['/v1/orders', ['/v1/orders'], ['/v1/orders/', '/v1/order', '/v1/orders/1', '/V1/orders']],
    ['/v1/*', ['/v1/a', '/v1/'], ['/v1/a/b', '/v1', '/v1/a%2Fb']],
    ['/v1/*/items', ['/v1/a/items'], ['/v1/items', '/v1/a/b/items', '/v1/a/items/x']],
    [
      '/Instances(*)/**',
      ["/Instances('a')/x", '/Instances()/'],
      ["/Instances('a')", "/Instances'a')/x", "/Instances('a'/x"],
    ],
    ['/a*b*c', ['/abc', '/aXbYc', '/abbc'], ['/ab', '/acb', '/aXbYcd', '/a/b/c']],
    ['/files/a**', ['/files/a', '/files/abc/d'], ['/files/b', '/files/']],
    ['/a.c', ['/a.c'], ['/abc']],
  ])('%s', (pattern, matching, others) => {
    const matches = compilePathPattern(pattern)
    expect(matching.filter((path) => !matches(path))).toEqual([])
    expect(others.filter((path) => matches(path))).toEqual([])
  })

  it('takes linear time for a pattern with many wildcards', () => {
    const matches = compilePathPattern(`/${'*a'.repeat(20)}*b`)
    let calls = 0
    // Each call looks further on, and never back.
    const path = { startsWith: () => true, indexOf: () => (calls += 1), length: 1000 }
    matches(path as unknown as string)
    expect(calls).toBeLessThan(60)
    expect(matches(`/${'a'.repeat(5000)}`)).toBe(false)
  })
})
