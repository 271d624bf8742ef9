import { describe, expect, it } from 'vitest'
import { publishedPackages } from '../../src/read-repository.ts'
import { meetsEngine } from '../../src/runtimes/engine-range.ts'

describe('what a manifest asks of Node', () => {
  it.each([
    ['>=22', '22.0.0', true],
    ['>=22', '21.9.9', false],
    ['>=22.12', '22.12.0', true],
    ['>=22.12', '22.9.9', false],
    ['>=22.12', '23.0.0', true],
    ['>=22.12.3', '22.12.2', false],
  ])('%s is met by %s: %s', (range, version, isMet) => {
    expect(meetsEngine(range, version)).toBe(isMet)
  })

  it('refuses a range that it cannot read', () => {
    expect(() => meetsEngine('^22 || ^24', '22.0.0')).toThrow('no range of the form')
  })

  it.each(publishedPackages().map(({ manifest }) => [manifest.name, manifest.engines?.node ?? '']))(
    '%s asks in a form that can be read: %s',
    (_name, range) => {
      expect(meetsEngine(range, '999.0.0')).toBe(true)
    },
  )
})
