import type { Settings } from '../settings.ts'
import type { Evidence } from './evidence.ts'
import { type Finding, skipped } from './finding.ts'

/** What the steps need to know about one provider. */
export interface ProviderKnowledge {
  /** The token endpoint, or the address that leads to it, from the settings. */
  tokenAddress(settings: Settings): string | undefined
  /** Describes the discovered info; `undefined` for a provider without discovery. */
  readonly describeInfo?: (info: unknown) => InfoDescription
  /** A call that changes nothing. */
  harmlessCall(info: unknown): HarmlessCall
  /** Judges the client's access by the responses. */
  judgeAccess(evidence: Evidence, clientId: string): Finding
  /** A remark on the claims of a token. */
  readonly claimsRemark?: string
}

interface InfoDescription {
  readonly saw: readonly string[]
  readonly details: Readonly<Record<string, unknown>>
}

interface HarmlessCall {
  /** Relative to the API's base URL. */
  readonly path: string
  /** The vendor's document that describes the call, if known. */
  readonly documentedIn: string | undefined
}

/** Defaults for a provider without knowledge of its own. */
export const plainKnowledge: ProviderKnowledge = {
  tokenAddress: ({ tokenEndpoint, issuer }) => tokenEndpoint ?? issuer,
  harmlessCall: () => ({ path: '', documentedIn: undefined }),
  judgeAccess: () => skipped('nightlatch does not know how this provider reports permissions'),
}
