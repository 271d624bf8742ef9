import { expect, it } from 'vitest'
import { overLimits } from '../src/package-sizes.ts'

it('a size at its limit is fine, one beyond it is told in numbers, and one without a limit is beyond it', () => {
  expect(overLimits({ packed: 10, unpacked: 20 }, { packed: 10, unpacked: 20 })).toEqual([])
  const [beyond, unlimited, ...others] = overLimits(
    { packed: 11, unpacked: 1, bundled: 1 },
    { packed: 10, unpacked: 20 },
  )
  expect(beyond).toMatch(/^packed: 11 bytes are 1 more than the 10 /)
  expect(unlimited).toMatch(/^bundled: 1 bytes are 1 more than the 0 /)
  expect(others).toEqual([])
})
