import type { ReceivedMetric } from './otlp-receiver.ts'

/**
 * The names that a metric has in Prometheus.
 *
 * @see {@link https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/ OTLP to Prometheus}
 */
export function prometheusNames({
  name,
  unit,
  type,
}: Pick<ReceivedMetric, 'name' | 'unit' | 'type'>): readonly string[] {
  const base = `${prometheusLabel(name)}${unit === 's' ? '_seconds' : ''}`
  return type === 'sum' ? [`${base}_total`] : [`${base}_bucket`, `${base}_sum`, `${base}_count`]
}

export function prometheusLabel(attribute: string): string {
  return attribute.replace(/[^a-zA-Z0-9_]/g, '_')
}
