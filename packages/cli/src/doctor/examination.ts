import type { Provider } from '@nightlatch/core'
import type { Output } from '../output/output.ts'
import type { FoundSettings } from '../settings.ts'
import type { Target } from '../target.ts'
import type { Evidence } from './evidence.ts'
import type { Grant } from './grant.ts'
import type { ProviderKnowledge } from './provider-knowledge.ts'

/** The input of all steps, and the evidence that steps leave for later ones. */
export interface Examination {
  readonly known: Target
  readonly knowledge: ProviderKnowledge
  readonly env: Readonly<Record<string, string | undefined>>
  /** Seconds, for each step that waits for a response. */
  readonly timeout: number
  /** Whether `--probe-authentication` is set. */
  readonly mayProbe: boolean
  readonly output: Output
  /** Whether notes can be printed on stderr: not with `--json`. */
  readonly isForPeople: boolean
  readonly settings: FoundSettings
  readonly secret: FoundSecret
  /** `undefined` if the settings are incomplete or invalid. */
  readonly provider: Provider | undefined
  /** The provider's error about invalid settings. */
  readonly mistake: string | undefined
  /** The token endpoint, or the address whose metadata or path leads to it. */
  readonly address: URL | undefined
  /** The single token request, sent on the first call; `undefined` if the settings are incomplete. */
  grant(): Promise<Grant | undefined>
  /** Sends another token request, with another description of the provider. */
  ask(provider: Provider): Promise<Grant>
  /** Shows on a terminal what the command waits for, until the work is done. */
  waitFor<Result>(what: string, work: Promise<Result>): Promise<Result>
  readonly evidence: Evidence
}

/** A client secret and its source. */
export interface FoundSecret {
  readonly value: string | undefined
  /** The flag, environment variable or file that it comes from. */
  readonly source: string | undefined
  /** Why reading it failed. */
  readonly mistake: string | undefined
  /** The client authenticates in another way, such as with a key or a certificate. */
  readonly isNotUsed?: true
}
