/** Results of the checks, and the failures that are known. */
import { scope } from '../project.ts'
import type { RuntimeCheckResult } from './checks/runtime-check.ts'

export interface PackageResult {
  /** For example `Node.js 22.19.0`. */
  readonly runtime: string
  /** The package's name. */
  readonly package: string
  readonly results: readonly RuntimeCheckResult[]
  /** The table cell of a package that was not checked. */
  readonly skipped?: string
}

/** The check that a worker and its imports use no modules of Node. */
export const WITHOUT_NODE = 'no module of Node is imported'

/** A known failure and its reason for the table; the run fails if the check passes. */
export interface KnownFailure {
  /** The runtime's name, with or without a version. */
  readonly runtime: string
  readonly package: string
  readonly check: string
  /** The reason, short enough for a table. */
  readonly why: string
}

export const knownFailures: readonly KnownFailure[] = [
  {
    runtime: 'Bun',
    package: `${scope}/undici`,
    check: 'undici’s requests carry the token, and replace a rejected one',
    why: 'Bun replaces `undici` with its own, without interceptors',
  },
  ...['workerd', 'edge bundle, in workerd'].map((runtime) => ({
    runtime,
    package: `${scope}/core`,
    check: 'events reach the channel nightlatch:event, and grants nightlatch:grant',
    why: '✓, no channels',
  })),
  ...['workerd', 'edge bundle, in workerd'].flatMap((runtime) =>
    [`${scope}/opentelemetry`, `${scope}/testing`, `${scope}/undici`, `${scope}/workload-identity`].map((name) => ({
      runtime,
      package: name,
      check: WITHOUT_NODE,
      why: 'requires modules of Node',
    })),
  ),
]

export function knownFailureOf(
  known: readonly KnownFailure[],
  packageResult: Pick<PackageResult, 'runtime' | 'package'>,
  check: string,
): KnownFailure | undefined {
  return known.find(
    (failure) =>
      `${packageResult.runtime} `.startsWith(`${failure.runtime} `) &&
      failure.package === packageResult.package &&
      failure.check === check,
  )
}

/** Describes unexpected failures, and known failures that did not occur. */
export function unexpectedResults(
  packageResults: readonly PackageResult[],
  known: readonly KnownFailure[],
): readonly string[] {
  return packageResults.flatMap((packageResult) =>
    packageResult.results.flatMap(({ name, problem }) => {
      const failure = knownFailureOf(known, packageResult, name)
      const where = `${packageResult.runtime}, ${packageResult.package}: ${name}`
      if (problem !== undefined && failure === undefined) return [`${where}: ${problem}`]
      if (problem === undefined && failure !== undefined)
        return [`${where}: it works, but is listed as a known failure`]
      return []
    }),
  )
}
