import { instrument } from '@nightlatch/opentelemetry'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'

/**
 * Metrics of every client of the process, to the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`, once a minute.
 *
 * @param instance what tells this replica from the others, such as the name of its pod: without it all would write the same series
 * @returns exports what there is, and ends it
 */
export function startTelemetry(service: string, instance: string): () => Promise<void> {
  const meterProvider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.instance.id': instance }),
    readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })],
  })
  const stop = instrument({ meterProvider })
  return async () => {
    stop()
    await meterProvider.shutdown()
  }
}
