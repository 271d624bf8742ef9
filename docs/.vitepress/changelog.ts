/** The page of changes: what each package's changelog says, below what the next release brings. */
import type { Plugin } from 'vitepress'
import { readChangesets } from '../../tools/src/read-changesets.ts'
import { exists, publishedPackages, readText } from '../../tools/src/read-repository.ts'

/** Adds the changes to the page `docs/changelog.md` as it is built. */
export function changelogPlugin(): Plugin {
  return {
    name: 'nightlatch:changelog',
    enforce: 'pre',
    transform: (code, id) => (id.endsWith('/docs/changelog.md') ? `${code}\n${changes()}` : undefined),
  }
}

/** Markdown with a heading for each package. */
export function changes(): string {
  const changesets = readChangesets()
  return publishedPackages()
    .flatMap(({ folder, manifest }) => {
      const next = changesets.filter(({ bumps }) => bumps.has(manifest.name)).map(({ summary }) => summary.trim())
      const released = exists(`${folder}/CHANGELOG.md`) ? readText(`${folder}/CHANGELOG.md`) : ''
      // The file begins with the package's name; its headings move below ours.
      const older = released
        .replace(/^# .*\n/, '')
        .replace(/^(#+) /gm, '#$1 ')
        .trim()
      if (next.length === 0 && older === '') return []
      const unreleased = next.length === 0 ? '' : `### Next release\n\n${next.join('\n\n')}\n\n`
      return [`## ${manifest.name}\n\n${unreleased}${older}\n`]
    })
    .join('\n')
}
