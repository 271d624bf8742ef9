/** Names and addresses of the project, for scripts, tests and the site. `tools/test/project.test.ts` checks that the rest agrees. */

/** The packages' scope on npm. */
export const scope = '@nightlatch'

/** Where the repository is hosted. The packages' `homepage` and the site's links to sources begin with it. */
export const repositoryUrl = 'https://github.com/nightlatch/nightlatch'

/** The oldest Node that the packages support, as in their `engines`. */
export const oldestNode = '22.19'

/**
 * Whether the packages are on npm. As long as they are not, no command in a document downloads them from there: whoever publishes
 * under one of our names would get the reader's secrets.
 */
export const isOnNpm: boolean = false

/** The page that shows a file or a folder of the repository. */
export function sourceUrl(path: string, kind: 'tree' | 'blob'): string {
  return `${repositoryUrl}/${kind}/main/${path}`
}
