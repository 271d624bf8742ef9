import { instrument } from '@nightlatch/opentelemetry'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'

/**
 * Exports the metrics of every client of the process, once a minute, to
 * the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`.
 *
 * @param instance the name of this replica, such as its pod's name
 * @returns a function that exports what is left and stops
 */
export function startTelemetry(
  service: string,
  instance: string,
): () => Promise<void> {
  const meterProvider = new MeterProvider({
    resource: resourceFromAttributes({
      'service.name': service,
      'service.instance.id': instance,
    }),
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter(),
      }),
    ],
  })
  const stop = instrument({ meterProvider })
  return async () => {
    stop()
    await meterProvider.shutdown()
  }
}
