import { describe, expect, it } from 'vitest'
import { filesIn, publishedPackages, readText } from '../src/read-repository.ts'

describe('changesets', () => {
  const names = publishedPackages().map(({ manifest }) => manifest.name)
  const files = filesIn('.changeset', '*.md').filter((file) => file !== 'README.md')

  it.each(files)('%s names published packages, says how large the change is, and what it means', (file) => {
    const [, head = '', said = ''] =
      /^---\n((?:"[^"]+": (?:major|minor|patch)\n)+)---\n\n(\S[\s\S]*)$/.exec(readText(`.changeset/${file}`)) ?? []
    const changed = [...head.matchAll(/^"([^"]+)"/gm)].map(([, name]) => name)
    expect(changed.length).toBeGreaterThan(0)
    for (const name of changed) expect(names).toContain(name)
    expect(said.length).toBeGreaterThan(20)
  })
})
