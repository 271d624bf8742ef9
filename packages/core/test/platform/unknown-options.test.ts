import { describe, expect, it } from 'vitest'
import { findUnknownOptions } from '../../src/platform/unknown-options.ts'

describe('findUnknownOptions', () => {
  it.each<[unknown, readonly string[]]>([
    [{ tenant: 'a', region: 'MARKED' }, []],
    [{ tennant: 'MARKED' }, ['Unknown option `tennant`. Did you mean `tenant`?']],
    [{ REGION: 'MARKED' }, ['Unknown option `REGION`. Did you mean `region`?']],
    [{ zone: 'MARKED' }, ['Unknown option `zone`: remove it, or check its spelling']],
    [Object.create({ inherited: 'MARKED' }), []],
    [undefined, []],
    [null, []],
    ['MARKED', []],
  ])('X1: %o: %o', (options, mistakes) => {
    expect(findUnknownOptions(options, ['tenant', 'region'])).toEqual(mistakes)
  })
})
