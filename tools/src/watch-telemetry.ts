/** Observes clients from outside: the diagnostics channels and the calls of OpenTelemetry's API. */
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { instrument } from '@nightlatch/opentelemetry'
import type { MeterProvider, Span, TracerProvider } from '@opentelemetry/api'

/** The tracing channels of the core. */
export const tracedWork: readonly string[] = ['nightlatch:grant', 'nightlatch:store', 'nightlatch:discovery']

/**
 * Reports every channel message, and every call of OpenTelemetry's API with its arguments.
 *
 * @param report receives the channel's name, or `span` or `metric` with its name, and the value
 * @returns a function that stops observing
 */
export function watchTelemetry(report: (what: string, value: unknown) => void): () => void {
  const known = new WeakSet<object>()
  // A message gets more fields during the operation, so it is reported once and read at the end.
  const once =
    (channel: string) =>
    (message: unknown): void => {
      if (known.has(message as object)) return
      known.add(message as object)
      report(channel, message)
    }
  const onEvent = (message: unknown): void => report('nightlatch:event', message)
  subscribe('nightlatch:event', onEvent)
  const undo = tracedWork.map((channel) => {
    const listener = once(channel)
    const listeners = { start: listener, end: listener, asyncStart: listener, asyncEnd: listener, error: listener }
    tracingChannel(channel).subscribe(listeners)
    return () => tracingChannel(channel).unsubscribe(listeners)
  })
  const uninstrument = instrument({ tracerProvider: reportingTracers(report), meterProvider: reportingMeters(report) })
  return () => {
    uninstrument()
    for (const one of undo) one()
    unsubscribe('nightlatch:event', onEvent)
  }
}

function reportingTracers(report: (what: string, value: unknown) => void): TracerProvider {
  const startSpan = (name: string, ...given: readonly unknown[]): Span => {
    const what = `span ${name}`
    // The third argument, the context, contains outer spans, which are reported themselves.
    report(what, [name, given[0]])
    const note =
      (method: string) =>
      (...values: readonly unknown[]): Span => {
        report(what, [method, ...values])
        return span
      }
    const span: Span = {
      spanContext: () => ({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 1 }),
      setAttribute: note('setAttribute'),
      setAttributes: note('setAttributes'),
      addEvent: note('addEvent'),
      addLink: note('addLink'),
      addLinks: note('addLinks'),
      setStatus: note('setStatus'),
      updateName: note('updateName'),
      recordException: note('recordException'),
      end: note('end'),
      isRecording: () => true,
    }
    return span
  }
  return { getTracer: () => ({ startSpan }) } as unknown as TracerProvider
}

function reportingMeters(report: (what: string, value: unknown) => void): MeterProvider {
  const create = (name: string): object => {
    const note = (...given: readonly unknown[]): void => report(`metric ${name}`, given)
    return { add: note, record: note }
  }
  return { getMeter: () => ({ createCounter: create, createHistogram: create }) } as unknown as MeterProvider
}
