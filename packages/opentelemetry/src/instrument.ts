import { type Channel, channel } from 'node:diagnostics_channel'
import { type MeterProvider, metrics, type TracerProvider, trace } from '@opentelemetry/api'
import { type MeterSettings, meterClients } from './meter-clients.ts'
import { traceClients } from './trace-clients.ts'

/** Where spans and metrics go. */
export interface InstrumentOptions {
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider
  /** Default: the global one as it is now, so set that first. */
  readonly meterProvider?: MeterProvider
  /**
   * Whether metrics have the attribute `nightlatch.client.label`, which makes a time series per label: a pool of 10,000 tenants
   * makes 10,000 of each. Spans have it always. Default `false`; `true` in one call for a meter provider holds for all of them.
   */
  readonly labelMetrics?: boolean
}

/**
 * Makes spans and metrics of what every Nightlatch client of this process does, whenever it was made. Called again for the same
 * providers it changes nothing, also where the package is there twice.
 *
 * @param options where they go
 * @returns what ends that; once each call was undone, nobody listens any more
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

/** The global provider stands for another, which may be set later, and given as well: so it is asked each time. */
function delegateOf(provider: object): object {
  return 'getDelegate' in provider && typeof provider.getDelegate === 'function'
    ? (provider.getDelegate() as object)
    : provider
}

/** What is installed for one provider, and how often that was asked for. */
interface Installation {
  readonly provider: object
  count: number
  readonly settings: MeterSettings
  readonly undo: () => void
}

type Installations = Set<Installation>

/** A process has one channel of a name, and all copies of this package see it: on it stands what is installed. */
function installationsOf(kind: 'spans' | 'metrics'): Installations {
  const key = Symbol.for(`@nightlatch/opentelemetry ${kind}`)
  const holder = channel('nightlatch:event') as Channel & { [key: symbol]: Installations | undefined }
  const known = holder[key]
  if (known !== undefined) return known
  const made: Installations = new Set()
  Object.defineProperty(holder, key, { value: made })
  return made
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
