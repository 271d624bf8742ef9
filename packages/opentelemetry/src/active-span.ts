import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, context } from '@opentelemetry/api'

/**
 * Binds a tracing channel to OpenTelemetry's context, so that spans created during an operation are its children. Older
 * platforms call `run`, newer ones `withScope`.
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
    // The API has `attach` since 1.10; before, inner spans become children of the caller's span.
    const scope = 'attach' in context ? context.attach(active) : undefined
    return { [Symbol.dispose]: () => scope?.dispose() }
  }
}
