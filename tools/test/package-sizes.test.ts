import { expect, it } from 'vitest'
import { overLimits } from '../src/package-sizes.ts'

it('a size at its limit passes, a larger one is reported with its excess, and a missing limit counts as 0', () => {
  expect(overLimits({ packed: 10, unpacked: 20 }, { packed: 10, unpacked: 20 })).toEqual([])
  const [beyond, unlimited, ...others] = overLimits(
    { packed: 11, unpacked: 1, bundled: 1 },
    { packed: 10, unpacked: 20 },
  )
  expect(beyond).toMatch(/^packed: 11 bytes exceed the limit of 10 .* by 1$/)
  expect(unlimited).toMatch(/^bundled: 1 bytes exceed the limit of 0 .* by 1$/)
  expect(others).toEqual([])
})
