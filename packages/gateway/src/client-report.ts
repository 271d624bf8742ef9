import type { TokenStatus } from '@nightlatch/core'
import type { RunningClient } from './running-client.ts'

/** What the status page says of a client. It holds no token, no secret, and no id. */
export interface ClientReport {
  readonly name: string
  readonly provider: string
  readonly state: TokenStatus['state']
  /** Seconds. */
  readonly tokenAge: number | null
  readonly lastGrant: string | null
  readonly nextRefresh: string | null
  readonly servedUntil: string | null
  readonly retryAt: string | null
  readonly grants: number
  readonly failedGrants: number
  readonly store: 'none' | 'available' | 'unavailable'
  readonly failure: ClientFailureReport | null
}

/** The last failure since the last grant. */
interface ClientFailureReport {
  readonly at: string
  readonly code: string
  /** The OAuth error code. */
  readonly error: string | null
  readonly hints: readonly string[]
}

/** Describes a client. */
export function reportClient(running: RunningClient): ClientReport {
  const { name, client, grants, failedGrants, failure, isStoreFailing, lastGrantAt, tokenAge } = running
  const { state, refreshAt, servedUntil, retryAt } = client.status()
  return {
    name,
    provider: client.provider.name,
    state,
    tokenAge: servedUntil === undefined || tokenAge === undefined ? null : Math.max(0, Math.round(tokenAge)),
    lastGrant: toText(lastGrantAt),
    nextRefresh: toText(refreshAt),
    servedUntil: toText(servedUntil),
    retryAt: toText(retryAt),
    grants,
    failedGrants,
    store: isStoreFailing === undefined ? 'none' : isStoreFailing ? 'unavailable' : 'available',
    failure:
      failure === undefined
        ? null
        : {
            at: failure.at.toISOString(),
            code: failure.error.code,
            error: failure.error.error ?? null,
            hints: failure.error.hints,
          },
  }
}

function toText(date: Date | undefined): string | null {
  return date?.toISOString() ?? null
}
