import type { Provider } from '@nightlatch/core'
import type { Output } from '../output/output.ts'
import type { FoundSettings } from '../settings.ts'
import type { Target } from '../target.ts'
import type { Evidence } from './evidence.ts'
import type { Grant } from './grant.ts'
import type { ProviderKnowledge } from './provider-knowledge.ts'

/** What a doctor knows of a patient before the first step, and what the steps find for those after them. */
export interface Examination {
  readonly known: Target
  readonly knowledge: ProviderKnowledge
  readonly env: Readonly<Record<string, string | undefined>>
  /** Seconds, for each step that waits for somebody. */
  readonly timeout: number
  /** Whether other ways to send the credentials may be tried. */
  readonly mayProbe: boolean
  readonly output: Output
  /** Whether words to people may go to stderr meanwhile. */
  readonly isForPeople: boolean
  readonly settings: FoundSettings
  readonly secret: FoundSecret
  /** `undefined` where the settings do not make one. */
  readonly provider: Provider | undefined
  /** What is wrong with the settings, in the provider's own words. */
  readonly mistake: string | undefined
  /** Where the way to a token begins: the token endpoint, or what names it. */
  readonly address: URL | undefined
  /** The one token request, made when somebody first asks; `undefined` where the settings do not permit one. */
  grant(): Promise<Grant | undefined>
  /** Makes another token request, to a provider described otherwise. */
  ask(provider: Provider): Promise<Grant>
  /** Says on a terminal what is waited for, as long as the work lasts. */
  waitFor<Result>(what: string, work: Promise<Result>): Promise<Result>
  readonly evidence: Evidence
}

/** A client secret, if there is one. */
export interface FoundSecret {
  readonly value: string | undefined
  /** Where from, in words. */
  readonly source: string | undefined
  /** Why there is none, where reading it failed. */
  readonly mistake: string | undefined
  /** The client shows who it is by something else: a key, or a certificate. */
  readonly isNotUsed?: true
}
