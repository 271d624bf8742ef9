import type { Settings } from '../settings.ts'
import type { Evidence } from './evidence.ts'
import { type Finding, skipped } from './finding.ts'

/** What a doctor must know of one provider; the steps themselves know none. */
export interface ProviderKnowledge {
  /** Where the way to a token begins, as the settings have it. */
  tokenAddress(settings: Settings): string | undefined
  /** What the discovery told, in lines for people and for programs; `undefined`: there is no discovery. */
  readonly describeInfo?: (info: unknown) => InfoDescription
  /** A call that changes nothing. */
  harmlessCall(info: unknown): HarmlessCall
  /** What the answers say about who may do what. */
  judgeAccess(evidence: Evidence, clientId: string): Finding
  /** A remark to the claims of a token. */
  readonly claimsRemark?: string
}

interface InfoDescription {
  readonly saw: readonly string[]
  readonly details: Readonly<Record<string, unknown>>
}

interface HarmlessCall {
  /** Below the API's base URL. */
  readonly path: string
  /** Where the vendor describes it; `undefined`: nowhere that is known. */
  readonly documentedIn: string | undefined
}

/** What is known of a provider that nothing is known of. */
export const plainKnowledge: ProviderKnowledge = {
  tokenAddress: ({ tokenEndpoint, issuer }) => tokenEndpoint ?? issuer,
  harmlessCall: () => ({ path: '', documentedIn: undefined }),
  judgeAccess: () => skipped('who may do what at this provider is not known here'),
}
