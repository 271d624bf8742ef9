/** All that a process can see of its clients from outside: the diagnostics channels, and what OpenTelemetry is told. */
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { instrument } from '@nightlatch/opentelemetry'
import type { MeterProvider, Span, TracerProvider } from '@opentelemetry/api'

/** The tracing channels of the core. */
export const tracedWork: readonly string[] = ['nightlatch:grant', 'nightlatch:store', 'nightlatch:discovery']

/**
 * Hands over every message of a channel, and every call of OpenTelemetry's API with all that is given to it.
 *
 * @param tell what: the channel's name, or `span` or `metric` with its name; told where and when it happens
 * @returns what ends that
 */
export function watchTelemetry(tell: (what: string, value: unknown) => void): () => void {
  const known = new WeakSet<object>()
  // A message fills up while the work goes on. It is told once, and looked at when all is over.
  const once =
    (channel: string) =>
    (message: unknown): void => {
      if (known.has(message as object)) return
      known.add(message as object)
      tell(channel, message)
    }
  const onEvent = (message: unknown): void => tell('nightlatch:event', message)
  subscribe('nightlatch:event', onEvent)
  const undo = tracedWork.map((channel) => {
    const listener = once(channel)
    const listeners = { start: listener, end: listener, asyncStart: listener, asyncEnd: listener, error: listener }
    tracingChannel(channel).subscribe(listeners)
    return () => tracingChannel(channel).unsubscribe(listeners)
  })
  const uninstrument = instrument({ tracerProvider: tracersThat(tell), meterProvider: metersThat(tell) })
  return () => {
    uninstrument()
    for (const one of undo) one()
    unsubscribe('nightlatch:event', onEvent)
  }
}

function tracersThat(tell: (what: string, value: unknown) => void): TracerProvider {
  const startSpan = (name: string, ...given: readonly unknown[]): Span => {
    const what = `span ${name}`
    // The context that comes third holds the spans around, which are told themselves.
    tell(what, [name, given[0]])
    const note =
      (method: string) =>
      (...values: readonly unknown[]): Span => {
        tell(what, [method, ...values])
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

function metersThat(tell: (what: string, value: unknown) => void): MeterProvider {
  const create = (name: string): object => {
    const note = (...given: readonly unknown[]): void => tell(`metric ${name}`, given)
    return { add: note, record: note }
  }
  return { getMeter: () => ({ createCounter: create, createHistogram: create }) } as unknown as MeterProvider
}
