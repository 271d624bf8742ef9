import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, context } from '@opentelemetry/api'

/**
 * What a tracing channel takes for a store of its own, and is OpenTelemetry's: whatever runs in it runs in that context, so
 * that spans made there are children. Older platforms enter it by `run`, newer ones by `withScope`.
 */
export class ActiveSpan extends AsyncLocalStorage<Context> {
  override run<Result, Values extends unknown[]>(
    active: Context,
    work: (...values: Values) => Result,
    ...values: Values
  ): Result {
    return context.with(active, () => work(...values))
  }

  withScope(active: Context): Disposable {
    // Not there before 1.10 of the API: then spans made inside are children of the caller's.
    const scope = 'attach' in context ? context.attach(active) : undefined
    return { [Symbol.dispose]: () => scope?.dispose() }
  }
}
