/** What became of a package on a runtime. */
import { scope } from '../project.ts'
import type { SmokeResult } from './smoke/smoke-check.ts'

export interface Verdict {
  /** As `Node.js 22.19.0`. */
  readonly runtime: string
  /** As npm calls it. */
  readonly package: string
  readonly results: readonly SmokeResult[]
  /** Why it was not tried. */
  readonly untried?: string
}

/** The check that a worker, and all that it imports, leaves the modules of Node alone. */
export const WITHOUT_NODE = 'no module of Node is imported'

/** What is known not to work, and why: said in the table, and a failure of the run once it works after all. */
export interface KnownGap {
  /** The runtime's name, without a version or with it. */
  readonly runtime: string
  readonly package: string
  readonly check: string
  /** Short enough for a table. */
  readonly why: string
}

export const knownGaps: readonly KnownGap[] = [
  {
    runtime: 'Bun',
    package: `${scope}/undici`,
    check: 'undici’s requests carry the token, and replace a refused one',
    why: 'Bun puts an `undici` of its own in its place, without interceptors',
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
      why: 'needs modules of Node',
    })),
  ),
]

export function gapOf(
  gaps: readonly KnownGap[],
  verdict: Pick<Verdict, 'runtime' | 'package'>,
  check: string,
): KnownGap | undefined {
  return gaps.find(
    (gap) =>
      `${verdict.runtime} `.startsWith(`${gap.runtime} `) && gap.package === verdict.package && gap.check === check,
  )
}

/** What fails and should not, and what should fail and does not; a line each. */
export function surprises(verdicts: readonly Verdict[], gaps: readonly KnownGap[]): readonly string[] {
  return verdicts.flatMap((verdict) =>
    verdict.results.flatMap(({ name, problem }) => {
      const gap = gapOf(gaps, verdict, name)
      const where = `${verdict.runtime}, ${verdict.package}: ${name}`
      if (problem !== undefined && gap === undefined) return [`${where}: ${problem}`]
      if (problem === undefined && gap !== undefined) return [`${where}: it works, and is said not to`]
      return []
    }),
  )
}
