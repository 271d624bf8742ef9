import { NightlatchError } from '../errors.ts'
import { waitFor } from '../platform/deadline.ts'
import { type Assertion, AssertionReader, type AssertionSource } from './assertion-source.ts'
import { isCredentialRejected } from './client-rejection.ts'
import type { Credentials, CredentialsReader } from './credentials.ts'

/** Where a client's credentials come from; see credentials.ts. */
export type CredentialsOf = Pick<CredentialsReader, 'read' | 'readOthers'> &
  Partial<Pick<CredentialsReader, 'dpop' | 'label' | 'forget'>>

/** What the credentials of one request depend on. */
export interface RequestCredentialsTerms {
  /** The client authentication's, if it has one. */
  readonly source: AssertionSource | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Aborts at the deadline. */
  readonly signal: AbortSignal
  /** Seconds until the deadline. */
  readonly timeout: number
  /** The JWT that the source has just returned, if it was asked already. */
  readonly assertion?: Assertion | undefined
}

/** The credentials of one request to the authorization server, which are read again once if it rejects them (rule L8). */
export class RequestCredentials {
  readonly #client: CredentialsOf
  readonly #signal: AbortSignal
  /** If the client authentication has a source: asks it. */
  readonly assertions: AssertionReader | undefined
  #current: Credentials
  #mayRenew = true

  private constructor(
    client: CredentialsOf,
    current: Credentials,
    { source, now, signal, assertion }: RequestCredentialsTerms,
  ) {
    this.#client = client
    this.#signal = signal
    this.#current = current
    this.assertions = source && new AssertionReader(source, now, assertion)
  }

  /** @throws what the credentials function throws */
  static async read(client: CredentialsOf, terms: RequestCredentialsTerms): Promise<RequestCredentials> {
    return new RequestCredentials(client, await client.read(terms.signal, terms.timeout), terms)
  }

  get current(): Credentials {
    return this.#current
  }

  /**
   * Reads other credentials, and asks the source again, if the server rejected what was sent.
   *
   * @returns whether to send the request again. If nothing else can be read, the caller gets the failure.
   */
  async renewAfter(failure: unknown): Promise<boolean> {
    if (!this.#mayRenew || !(failure instanceof NightlatchError) || !isCredentialRejected(failure)) return false
    const others = await this.#client.readOthers(this.#current, this.#signal).catch(() => undefined)
    this.#current = others ?? this.#current
    const hasOtherAssertion =
      this.assertions !== undefined && (await waitFor(this.assertions.renew(), this.#signal).catch(() => false))
    const isRenewed = others !== undefined || hasOtherAssertion
    if (isRenewed) this.#mayRenew = false
    return isRenewed
  }
}
