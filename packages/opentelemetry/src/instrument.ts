import { type Channel, channel } from 'node:diagnostics_channel'
import { type MeterProvider, metrics, type TracerProvider, trace } from '@opentelemetry/api'
import { type MeterSettings, meterClients } from './meter-clients.ts'
import { traceClients } from './trace-clients.ts'

/** Options of `instrument`. */
export interface InstrumentOptions {
  /** Provider of the spans; default the global one. */
  readonly tracerProvider?: TracerProvider
  /** Provider of the metrics; default the global one at the time of the call, so set that first. */
  readonly meterProvider?: MeterProvider
  /**
   * Whether metrics have the attribute `nightlatch.client.label`, with a time series per label: 10,000 of each metric for a pool of
   * 10,000 tenants. Spans always have it. `true` in one call applies to all calls with that meter provider. Default `false`.
   */
  readonly labelMetrics?: boolean
}

/**
 * Emits spans and metrics for all Nightlatch clients of this process, including those created before.
 *
 * Another call with the same providers has no effect, even from a second copy of this package.
 *
 * @param options the tracer and meter providers; default the global ones
 * @returns a function that undoes this call; emission stops once every call is undone
 * @example
 * ```ts
 * import { instrument } from '@nightlatch/opentelemetry'
 *
 * sdk.start() // OpenTelemetry's NodeSDK, with your exporters
 * const undo = instrument()
 * ```
 * @see {@link https://opentelemetry.io/docs/specs/semconv/ OpenTelemetry's semantic conventions}
 */
export function instrument(options: InstrumentOptions = {}): () => void {
  const {
    tracerProvider = trace.getTracerProvider(),
    meterProvider = metrics.getMeterProvider(),
    labelMetrics = false,
  } = options
  const undo = [
    share('spans', tracerProvider, () => traceClients(tracerProvider)),
    share('metrics', meterProvider, (settings) => meterClients(meterProvider, settings), labelMetrics),
  ]
  let isUndone = false
  return () => {
    if (isUndone) return
    isUndone = true
    for (const one of undo) one()
  }
}

/** The global provider delegates to one that may be set later, so the delegate is read each time. */
function delegateOf(provider: object): object {
  return 'getDelegate' in provider && typeof provider.getDelegate === 'function'
    ? (provider.getDelegate() as object)
    : provider
}

/** The instrumentation of one provider, and how many calls share it. */
interface Installation {
  readonly provider: object
  count: number
  readonly settings: MeterSettings
  readonly undo: () => void
}

type Installations = Set<Installation>

/** Installations are stored on the diagnostics channel, which all copies of this package in a process share. */
function installationsOf(kind: 'spans' | 'metrics'): Installations {
  const key = Symbol.for(`@nightlatch/opentelemetry ${kind}`)
  const holder = channel('nightlatch:event') as Channel & { [key: symbol]: Installations | undefined }
  const known = holder[key]
  if (known !== undefined) return known
  const created: Installations = new Set()
  Object.defineProperty(holder, key, { value: created })
  return created
}

function share(
  kind: 'spans' | 'metrics',
  provider: object,
  install: (settings: MeterSettings) => () => void,
  hasLabels = false,
): () => void {
  const installations = installationsOf(kind)
  const known = [...installations].find((one) => delegateOf(one.provider) === delegateOf(provider))
  const settings = known?.settings ?? { hasLabels }
  settings.hasLabels ||= hasLabels
  const installed = known ?? { provider, count: 0, settings, undo: install(settings) }
  installations.add(installed)
  installed.count += 1
  return () => {
    installed.count -= 1
    if (installed.count > 0) return
    installations.delete(installed)
    installed.undo()
  }
}
