/** Names and addresses of the project; `tools/test/project.test.ts` checks that all files agree. */

/** The packages' scope on npm. */
export const scope = '@nightlatch'

/** The repository's URL, with which the packages' `homepage` and the site's source links start. */
export const repositoryUrl = 'https://github.com/nightlatch/nightlatch'

/** Where the site is published, without a slash at its end. Canonical links, the sitemap and shared pictures begin with it. */
export const siteUrl = 'https://nightlatch.github.io'

/** The oldest Node that the packages support, as in their `engines`. */
export const oldestNode = '22.19'

/**
 * Whether the packages are on npm. Until then no documented command installs them from npm, because somebody else could
 * publish a package of that name and collect secrets.
 */
export const isOnNpm: boolean = false

/** The web page of a file or folder of the repository. */
export function sourceUrl(path: string, kind: 'tree' | 'blob'): string {
  return `${repositoryUrl}/${kind}/main/${path}`
}
