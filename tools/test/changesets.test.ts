import { expect, it } from 'vitest'
import { readChangesets } from '../src/read-changesets.ts'
import { publishedPackages } from '../src/read-repository.ts'

// One test for all: right after a release there is no changeset, and a file without a test would fail.
it('changesets name published packages, the bump and a summary', () => {
  const names = publishedPackages().map(({ manifest }) => manifest.name)
  for (const { file, bumps, summary } of readChangesets()) {
    expect([...bumps.keys()], file).not.toEqual([])
    expect(names, file).toEqual(expect.arrayContaining([...bumps.keys()]))
    expect(summary.length, file).toBeGreaterThan(20)
  }
})
