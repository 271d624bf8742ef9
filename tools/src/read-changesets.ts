/** The changesets that wait for the next release, and what a branch changed since it left the main one. */
import { execFileSync } from 'node:child_process'
import { filesIn, readText, root } from './read-repository.ts'

type Bump = 'major' | 'minor' | 'patch'

export interface Changeset {
  readonly file: string
  /** How large the change is, by the package's name. */
  readonly bumps: ReadonlyMap<string, Bump>
  readonly said: string
}

export function readChangesets(): readonly Changeset[] {
  return filesIn('.changeset', '*.md')
    .filter((file) => file !== 'README.md')
    .map((file) => readChangeset(`.changeset/${file}`, readText(`.changeset/${file}`)))
}

export function readChangeset(file: string, text: string): Changeset {
  const [, head = '', said = ''] = /^---\n((?:"[^"]+": (?:major|minor|patch)\n)+)---\n\n(\S[\s\S]*)$/.exec(text) ?? []
  const lines = [...head.matchAll(/^"([^"]+)": (\w+)$/gm)]
  return { file, bumps: new Map(lines.map(([, name = '', bump]) => [name, bump as Bump])), said }
}

/**
 * The files that are other than where this branch left the main one, uncommitted ones too: those that were `'there'` before, or
 * `'added'`. `undefined` where the history does not say, as in a shallow clone.
 */
export function changedSinceMain(): ReadonlyMap<string, 'there' | 'added'> | undefined {
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
  return new Map([...changed.map((file) => [file, 'there'] as const), ...added.map((file) => [file, 'added'] as const)])
}

function git(...parameters: readonly string[]): string {
  try {
    return execFileSync('git', parameters, { cwd: root, encoding: 'utf8', stdio: 'pipe', maxBuffer: 2 ** 26 }).trim()
  } catch {
    return ''
  }
}
