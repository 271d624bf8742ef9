import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import type { ClientEvent, DiscoveryTrace, GrantTrace, StoreTrace } from '@nightlatch/core'
import type { Attributes, Histogram, MeterProvider } from '@opentelemetry/api'
import { attribute, failureOf, labelOf, serverOf, storeFailureOf } from './attributes.ts'

/** Seconds: from an answer on the same machine to the end of the longest patience. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Seconds: from the last moment of a token's life to a day. */
const lives = [1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400]

/** What can change while metrics are made. */
export interface MeterSettings {
  /** Whether metrics have the client's label. */
  hasLabels: boolean
}

/**
 * Counts and measures what the clients of this process do.
 *
 * @returns what ends that
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
    description: 'Calls that got a token, by where it came from',
    unit: '{token}',
  })
  const remaining = histogram('nightlatch.token.remaining', 'How long a served token is still handed out', lives)
  const grants = histogram('nightlatch.grant.duration', 'Grants, attempts and waits between them included', durations)
  const refused = meter.createCounter('nightlatch.grant.failures', {
    description: 'Grants that failed for good',
    unit: '{failure}',
  })
  const retried = meter.createCounter('nightlatch.grant.retries', {
    description: 'Attempts at a grant that failed and were followed by another',
    unit: '{attempt}',
  })
  const discoveries = histogram(
    'nightlatch.discovery.duration',
    'Discoveries of an API, their grant included',
    durations,
  )
  const operations = histogram('nightlatch.store.duration', 'Operations of token stores', durations)
  const storeFailures = meter.createCounter('nightlatch.store.failures', {
    description: 'Operations of token stores that failed',
    unit: '{failure}',
  })
  const repeated = meter.createCounter('nightlatch.request.repeated', {
    description: 'API requests sent once more, with another token',
    unit: '{request}',
  })
  const origins = meter.createCounter('nightlatch.origin.refused', {
    description: 'Requests to origins that may not see the token',
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
        refused.add(1, { ...of, ...failureOf(event.error), [attribute.background]: event.background })
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

  /** Measures what a tracing channel tells of, from its start to its end. */
  const measure = <Message extends GrantTrace | DiscoveryTrace | StoreTrace>(
    channel: string,
    into: Histogram,
    describe: (message: Message) => Attributes,
  ): (() => void) => {
    const { start, asyncEnd } = tracingChannel(channel)
    const begun = new WeakMap<object, number>()
    const onStart = (message: unknown): void => void begun.set(message as Message, performance.now())
    const onEnd = (message: unknown): void => {
      const since = begun.get(message as Message)
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

/** Of a duration: whether it ended well, and if not, why. */
function errorTypeOf(error: unknown): Attributes {
  return error === undefined ? {} : { [attribute.errorType]: failureOf(error)[attribute.errorType] }
}
