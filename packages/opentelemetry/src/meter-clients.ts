import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import type { ClientEvent, DiscoveryTrace, GrantTrace, StoreTrace } from '@nightlatch/core'
import type { Attributes, Histogram, MeterProvider } from '@opentelemetry/api'
import { attribute, failureOf, labelOf, serverOf, storeFailureOf } from './attributes.ts'

/** Histogram boundaries, from a response over loopback to a long timeout. */
const durationBoundariesSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Histogram boundaries, from a token about to expire to one valid for a day. */
const lifetimeBoundariesSeconds = [1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400]

/** What can change while metrics are made. */
export interface MeterSettings {
  /** Whether metrics have the client's label. */
  hasLabels: boolean
}

/**
 * Records metrics for the clients of this process.
 *
 * @returns a function that stops recording
 */
export function meterClients(provider: MeterProvider, settings: MeterSettings): () => void {
  const subjectOf = (message: { readonly provider: string; readonly label?: string }): Attributes => ({
    [attribute.provider]: message.provider,
    ...(settings.hasLabels ? labelOf(message) : {}),
  })
  const meter = provider.getMeter('@nightlatch/opentelemetry')
  const histogram = (name: string, description: string, boundaries: number[]): Histogram =>
    meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: boundaries } })
  const served = meter.createCounter('nightlatch.token.served', {
    description: 'Calls that got a token, by its source',
    unit: '{token}',
  })
  const remaining = histogram(
    'nightlatch.token.remaining',
    'How long a served token can still be served',
    lifetimeBoundariesSeconds,
  )
  const grants = histogram(
    'nightlatch.grant.duration',
    'Grants, including retries and the delays between them',
    durationBoundariesSeconds,
  )
  const failed = meter.createCounter('nightlatch.grant.failures', {
    description: 'Grants that failed after all retries',
    unit: '{failure}',
  })
  const retried = meter.createCounter('nightlatch.grant.retries', {
    description: 'Attempts of a grant that failed and were retried',
    unit: '{attempt}',
  })
  const discoveries = histogram(
    'nightlatch.discovery.duration',
    'Discoveries of an API, including their grant',
    durationBoundariesSeconds,
  )
  const operations = histogram('nightlatch.store.duration', 'Operations of token stores', durationBoundariesSeconds)
  const storeFailures = meter.createCounter('nightlatch.store.failures', {
    description: 'Operations of token stores that failed',
    unit: '{failure}',
  })
  const repeated = meter.createCounter('nightlatch.request.repeated', {
    description: 'API requests repeated with another token',
    unit: '{request}',
  })
  const origins = meter.createCounter('nightlatch.origin.refused', {
    description: 'Requests to origins that are not allowed for the token',
    unit: '{request}',
  })

  const count = (event: ClientEvent): void => {
    const of = subjectOf(event)
    switch (event.type) {
      case 'token.served':
        served.add(1, { ...of, [attribute.source]: event.from })
        remaining.record(event.remaining, of)
        break
      case 'grant.failed':
        failed.add(1, { ...of, ...failureOf(event.error), [attribute.background]: event.background })
        break
      case 'grant.retried':
        retried.add(1, { ...of, ...failureOf(event.error), [attribute.background]: event.background })
        break
      case 'store.failed':
        storeFailures.add(1, {
          ...of,
          [attribute.operation]: event.operation,
          ...storeFailureOf(event.reason),
        })
        break
      case 'request.repeated':
        repeated.add(1, { ...of, ...serverOf(event.url) })
        break
      case 'origin.refused':
        origins.add(1, of)
    }
  }
  const onEvent = (message: unknown): void => count(message as ClientEvent)

  /** Records the duration of a tracing channel's operations. */
  const measure = <Message extends GrantTrace | DiscoveryTrace | StoreTrace>(
    channel: string,
    into: Histogram,
    describe: (message: Message) => Attributes,
  ): (() => void) => {
    const { start, asyncEnd } = tracingChannel(channel)
    const startedAt = new WeakMap<object, number>()
    const onStart = (message: unknown): void => void startedAt.set(message as Message, performance.now())
    const onEnd = (message: unknown): void => {
      const since = startedAt.get(message as Message)
      if (since !== undefined)
        into.record((performance.now() - since) / 1000, {
          ...subjectOf(message as Message),
          ...describe(message as Message),
        })
    }
    start.subscribe(onStart)
    asyncEnd.subscribe(onEnd)
    return () => {
      start.unsubscribe(onStart)
      asyncEnd.unsubscribe(onEnd)
    }
  }

  subscribe('nightlatch:event', onEvent)
  const undo = [
    measure<GrantTrace>('nightlatch:grant', grants, ({ background, url, error }) => ({
      [attribute.background]: background,
      ...serverOf(url),
      ...errorTypeOf(error),
    })),
    measure<DiscoveryTrace>('nightlatch:discovery', discoveries, ({ error }) => errorTypeOf(error)),
    measure<StoreTrace>('nightlatch:store', operations, ({ operation, reason, error }) => ({
      [attribute.operation]: operation,
      ...(error === undefined ? {} : storeFailureOf(reason)),
    })),
  ]
  return () => {
    unsubscribe('nightlatch:event', onEvent)
    for (const one of undo) one()
  }
}

/** The error type of a failed operation; none for a successful one. */
function errorTypeOf(error: unknown): Attributes {
  return error === undefined ? {} : { [attribute.errorType]: failureOf(error)[attribute.errorType] }
}
