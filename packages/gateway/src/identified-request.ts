import type { ActiveConfiguration, ActiveUpstream } from './active-configuration.ts'
import type { Exchange } from './exchange.ts'
import { type Problem, problem } from './problem.ts'
import type { RequestTarget } from './request-target.ts'

/** A request whose caller is known. */
export interface IdentifiedRequest {
  readonly exchange: Exchange
  readonly active: ActiveConfiguration
  readonly target: RequestTarget
  /** `undefined` without a `callers` section. */
  readonly caller: string | undefined
}

/** The answer for a request that no rule permits. */
export function notAllowed(upstream: ActiveUpstream, caller: string | undefined): Problem {
  const who = caller === undefined ? 'No rule' : `No rule for the caller \`${caller}\``
  return problem('not_allowed', `${who} permits this method and path. See \`upstreams.${upstream.name}.allow\``)
}
