import { context, type Span, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts'

/** OpenTelemetry's SDK as a program sets it up, with a receiver of its own. */
export interface Sdk extends AsyncDisposable {
  readonly receiver: OtlpReceiver
  readonly tracerProvider: TracerProvider
  readonly meterProvider: MeterProvider
  /** Exports what there is. */
  flush(): Promise<void>
  /** Does work within a span of the user's own; answers with that span's ids. */
  within(name: string, work: () => Promise<unknown>): Promise<{ traceId: string; spanId: string }>
}

export async function startSdk(): Promise<Sdk> {
  const receiver = await startOtlpReceiver()
  const contexts = new AsyncLocalStorageContextManager().enable()
  context.setGlobalContextManager(contexts)
  const tracerProvider = new TracerProvider({
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` }) })],
  })
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${receiver.url}/v1/metrics` }),
    exportIntervalMillis: 600_000,
  })
  const meterProvider = new MeterProvider({ readers: [reader] })
  return {
    receiver,
    tracerProvider,
    meterProvider,
    async flush() {
      await tracerProvider.forceFlush()
      await reader.forceFlush()
    },
    within: (name, work) =>
      tracerProvider.getTracer('program').startActiveSpan(name, async (span: Span) => {
        await work()
        span.end()
        return span.spanContext()
      }),
    async [Symbol.asyncDispose]() {
      await tracerProvider.shutdown()
      await meterProvider.shutdown()
      trace.disable()
      context.disable()
      await receiver[Symbol.asyncDispose]()
    },
  }
}
