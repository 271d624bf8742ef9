/** Reads the pending changesets, and the files that a branch changed. */
import { execFileSync } from 'node:child_process'
import { filesIn, readText, root } from './read-repository.ts'

type Bump = 'major' | 'minor' | 'patch'

export interface Changeset {
  readonly file: string
  /** The version bump of each package. */
  readonly bumps: ReadonlyMap<string, Bump>
  readonly summary: string
}

export function readChangesets(): readonly Changeset[] {
  return filesIn('.changeset', '*.md')
    .filter((file) => file !== 'README.md')
    .map((file) => readChangeset(`.changeset/${file}`, readText(`.changeset/${file}`)))
}

export function readChangeset(file: string, text: string): Changeset {
  const [, head = '', summary = ''] =
    /^---\n((?:"[^"]+": (?:major|minor|patch)\n)+)---\n\n(\S[\s\S]*)$/.exec(text) ?? []
  const lines = [...head.matchAll(/^"([^"]+)": (\w+)$/gm)]
  return { file, bumps: new Map(lines.map(([, name = '', bump]) => [name, bump as Bump])), summary }
}

/**
 * The files that this branch changed or added since it left main, including uncommitted ones. `undefined` if the history is
 * incomplete, as in a shallow clone.
 */
export function changedSinceMain(): ReadonlyMap<string, 'changed' | 'added'> | undefined {
  const base = ['origin/main', 'main']
    .map((branch) => git('merge-base', branch, 'HEAD'))
    .find((commit) => commit !== '')
  if (base === undefined) return undefined
  const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '')
  const changed = lines(git('diff', '--name-only', '--no-renames', base))
  const added = [
    ...lines(git('diff', '--name-only', '--no-renames', '--diff-filter=A', base)),
    ...lines(git('ls-files', '--others', '--exclude-standard')),
  ]
  return new Map([
    ...changed.map((file) => [file, 'changed'] as const),
    ...added.map((file) => [file, 'added'] as const),
  ])
}

function git(...parameters: readonly string[]): string {
  try {
    return execFileSync('git', parameters, { cwd: root, encoding: 'utf8', stdio: 'pipe', maxBuffer: 2 ** 26 }).trim()
  } catch {
    return ''
  }
}
