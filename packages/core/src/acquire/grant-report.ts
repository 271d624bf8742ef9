import { type GrantTrace, toReportableError } from '../diagnostics.ts'
import { type NightlatchError, showUrl, withLabel } from '../errors.ts'
import { clientFields, type Emit } from '../events.ts'
import type { Provider } from './provider.ts'
import type { GrantedToken } from './request-grant.ts'
import type { Transport } from './token-endpoint.ts'

/** Reports one grant: emits its events, and keeps the message of its tracing channel up to date. */
export class GrantReport {
  readonly #emit: Emit
  readonly #time: () => number
  readonly #startedAt: number
  /** What subscribers of the tracing channel get; its fields are set as the grant proceeds. */
  readonly message: GrantTrace

  constructor(
    {
      provider,
      transport,
      emit,
    }: {
      readonly provider: Provider
      readonly transport: Transport
      readonly emit: Emit
    },
    { background }: { readonly background: boolean },
    label?: string,
  ) {
    this.#emit = emit
    this.#time = transport.time
    this.#startedAt = transport.time()
    this.message = {
      ...clientFields(provider.name, label),
      background,
      url: undefined,
      attempt: 1,
      lifetime: undefined,
    }
  }

  /** What events and subscribers get of a failure. */
  describe(failure: unknown): NightlatchError {
    return toReportableError(this.message.provider, failure, this.message.label)
  }

  /** Records the URL of the attempt. */
  requested(url: URL): void {
    this.message.url = showUrl(url)
  }

  /** @param wait seconds until the next attempt */
  retried(error: NightlatchError, wait: number): void {
    this.#emit({ type: 'grant.retried', ...this.#common(), wait, error: withLabel(error, this.message.label) })
    this.message.attempt += 1
  }

  granted({ lifetime, suspectsMilliseconds }: Pick<GrantedToken, 'lifetime' | 'suspectsMilliseconds'>): void {
    this.message.lifetime = lifetime
    this.#emit({
      type: 'token.granted',
      ...this.#common(),
      lifetime,
      ...(suspectsMilliseconds && { suspectsMilliseconds }),
    })
  }

  failed(failure: unknown): void {
    this.#emit({
      type: 'grant.failed',
      ...this.#common(),
      error: this.describe(failure),
    })
  }

  #common(): {
    readonly provider: string
    readonly label?: string
    readonly duration: number
    readonly attempt: number
    readonly background: boolean
  } {
    const { provider, label, attempt, background } = this.message
    const duration = (this.#time() - this.#startedAt) / 1000
    return { ...clientFields(provider, label), duration, attempt, background }
  }
}
