import { type Diagnostics, type GrantTrace, noDiagnostics, toReportableError } from '../diagnostics.ts'
import { type NightlatchError, showUrl, withLabel } from '../errors.ts'
import { clientFields, type Emit } from '../events.ts'
import type { Provider } from './provider.ts'
import type { GrantedToken, Transport } from './token-endpoint.ts'

/** Reports one grant by events and by a tracing channel. */
export class GrantReport {
  readonly #provider: Provider
  readonly #emit: Emit
  readonly #diagnostics: Diagnostics
  readonly #time: () => number
  readonly #startedAt: number
  readonly #trace: GrantTrace

  constructor(
    {
      provider,
      transport,
      emit,
      diagnostics = noDiagnostics,
    }: {
      readonly provider: Provider
      readonly transport: Transport
      readonly emit: Emit
      readonly diagnostics?: Diagnostics | undefined
    },
    { background }: { readonly background: boolean },
    label?: string,
  ) {
    this.#provider = provider
    this.#emit = emit
    this.#diagnostics = diagnostics
    this.#time = transport.time
    this.#startedAt = transport.time()
    this.#trace = {
      ...clientFields(provider.name, label),
      background,
      url: undefined,
      attempt: 1,
      lifetime: undefined,
    }
  }

  /** Runs the grant under its tracing channel. */
  async trace<T>(work: () => Promise<T>): Promise<T> {
    return await this.#diagnostics.trace('grant', this.#trace, work, (failure) =>
      toReportableError(this.#provider.name, failure, this.#trace.label),
    )
  }

  /** Records the URL of the attempt. */
  requested(url: URL): void {
    this.#trace.url = showUrl(url)
  }

  /** @param wait seconds until the next attempt */
  retried(error: NightlatchError, wait: number): void {
    const labelled = withLabel(error, this.#trace.label) as NightlatchError
    this.#emit({ type: 'grant.retried', ...this.#common(), wait, error: labelled })
    this.#trace.attempt += 1
  }

  granted({ lifetime, suspectsMilliseconds }: Pick<GrantedToken, 'lifetime' | 'suspectsMilliseconds'>): void {
    this.#trace.lifetime = lifetime
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
      error: toReportableError(this.#provider.name, failure, this.#trace.label),
    })
  }

  #common(): {
    readonly provider: string
    readonly label?: string
    readonly duration: number
    readonly attempt: number
    readonly background: boolean
  } {
    const { provider, label, attempt, background } = this.#trace
    const duration = (this.#time() - this.#startedAt) / 1000
    return { ...clientFields(provider, label), duration, attempt, background }
  }
}
