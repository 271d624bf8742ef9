import { describe, expect, it } from 'vitest'
import { readChangesets } from '../src/read-changesets.ts'
import { publishedPackages } from '../src/read-repository.ts'

describe('changesets', () => {
  const names = publishedPackages().map(({ manifest }) => manifest.name)

  it.each(readChangesets())(
    '$file names published packages, says how large the change is, and what it means',
    ({ bumps, said }) => {
      expect(bumps.size).toBeGreaterThan(0)
      for (const name of bumps.keys()) expect(names).toContain(name)
      expect(said.length).toBeGreaterThan(20)
    },
  )
})
