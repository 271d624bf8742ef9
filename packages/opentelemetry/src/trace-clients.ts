import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import type { DiscoveryTrace, GrantTrace, StoreTrace } from '@nightlatch/core'
import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import { ActiveSpan } from './active-span.ts'
import { attribute, detailedFailureOf, labelOf, serverOf, storeFailureOf } from './attributes.ts'

/** Maps a tracing channel's messages to spans. */
interface SpanPlan<Message> {
  name(message: Message): string
  begin(message: Message): SpanOptions
  /** Attributes that are known only at the end. */
  end(message: Message): Attributes
}

/**
 * Creates spans for the clients of this process, as children of the span that is active at the call.
 *
 * @returns a function that stops creating spans
 */
export function traceClients(provider: TracerProvider): () => void {
  const tracer = provider.getTracer('@nightlatch/opentelemetry')

  const follow = <Message extends object & { readonly label?: string; readonly error?: Error }>(
    channel: string,
    plan: SpanPlan<Message>,
  ): (() => void) => {
    const { start, asyncEnd } = tracingChannel(channel) as TracingChannel<unknown, Message>
    const spans = new WeakMap<Message, Span>()
    const begin = (message: Message): Span => {
      const known = spans.get(message)
      if (known !== undefined) return known
      const span = tracer.startSpan(plan.name(message), plan.begin(message), context.active())
      span.setAttributes(labelOf(message))
      spans.set(message, span)
      return span
    }
    const activate = (message: Message): Context => trace.setSpan(context.active(), begin(message))
    const onStart = (message: unknown): void => void begin(message as Message)
    const onEnd = (message: unknown): void => {
      const ended = message as Message
      const span = spans.get(ended)
      if (span === undefined) return
      spans.delete(ended)
      span.setAttributes(plan.end(ended))
      if (ended.error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: ended.error.message })
      span.end()
    }
    const active = new ActiveSpan()
    start.bindStore(active, activate)
    start.subscribe(onStart)
    asyncEnd.subscribe(onEnd)
    return () => {
      start.unbindStore(active)
      start.unsubscribe(onStart)
      asyncEnd.unsubscribe(onEnd)
    }
  }

  const undo = [
    follow<GrantTrace>('nightlatch:grant', {
      name: ({ provider }) => `nightlatch.grant ${provider}`,
      begin: ({ provider, background }) => ({
        kind: SpanKind.CLIENT,
        attributes: { [attribute.provider]: provider, [attribute.background]: background },
      }),
      end: ({ url, attempt, lifetime, error }) => ({
        ...serverOf(url),
        ...(url === undefined ? {} : { [attribute.url]: url }),
        ...(lifetime === undefined ? {} : { [attribute.lifetime]: lifetime }),
        [attribute.attempts]: attempt,
        ...(error === undefined ? {} : detailedFailureOf(error)),
      }),
    }),
    follow<StoreTrace>('nightlatch:store', {
      name: ({ operation }) => `nightlatch.store ${operation}`,
      begin: ({ provider, operation }) => ({
        attributes: { [attribute.provider]: provider, [attribute.operation]: operation },
      }),
      end: ({ reason, error }) => (error === undefined ? {} : storeFailureOf(reason)),
    }),
    follow<DiscoveryTrace>('nightlatch:discovery', {
      name: ({ provider }) => `nightlatch.discovery ${provider}`,
      begin: ({ provider }) => ({ attributes: { [attribute.provider]: provider } }),
      end: ({ baseUrl, error }) => ({
        ...serverOf(baseUrl),
        ...(baseUrl === undefined ? {} : { [attribute.url]: baseUrl }),
        ...(error === undefined ? {} : detailedFailureOf(error)),
      }),
    }),
  ]
  return () => {
    for (const one of undo) one()
  }
}
