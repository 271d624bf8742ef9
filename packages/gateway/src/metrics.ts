import { Counter, Gauge, type Metric, Registry } from 'prom-client'
import type { ActiveConfiguration } from './active-configuration.ts'
import type { CallerLoads } from './caller-load.ts'
import { durationBounds, type Traffic } from './traffic.ts'

/** What the metrics are read from. */
export interface MetricSources {
  readonly traffic: Traffic
  readonly loads: CallerLoads
  /** The configuration in use. */
  readonly active: ActiveConfiguration
}

const states = ['none', 'fresh', 'stale', 'requesting', 'refused'] as const

/** Creates the metrics. They are read when they are collected, so that a request costs no more than its counts. */
export function createMetrics(sources: MetricSources): Registry {
  const registry = new Registry()
  const registers = [registry]
  const ofRequest = ['caller', 'upstream']
  const add = (
    Kind: typeof Counter | typeof Gauge,
    name: string,
    help: string,
    labelNames: string[],
    collect: (set: (labels: Record<string, string>, value: number) => void) => void,
  ): void => {
    const metric: Counter | Gauge = new Kind({
      name: `nightlatch_gateway_${name}`,
      help,
      labelNames,
      registers,
      collect(): void {
        metric.reset()
        // Each collection begins at 0, so that to increase is to set.
        collect((labels, value) => metric.inc(labels, value))
      },
    })
  }

  add(Counter, 'requests_total', 'Requests by caller, upstream and status', [...ofRequest, 'status'], (set) => {
    for (const { caller, upstream, statuses } of sources.traffic.all) {
      for (const [status, count] of statuses) set({ caller, upstream, status: String(status) }, count)
    }
  })
  for (const [name, help, member] of [
    ['request_bytes_total', 'Bytes of request bodies', 'bytesIn'],
    ['response_bytes_total', 'Bytes of response bodies', 'bytesOut'],
    ['attempts_total', 'Requests sent to APIs, repeated ones included', 'attempts'],
  ] as const) {
    add(Counter, name, help, ofRequest, (set) => {
      for (const count of sources.traffic.all) set({ caller: count.caller, upstream: count.upstream }, count[member])
    })
  }
  add(Gauge, 'requests_in_progress', 'Requests in progress by caller', ['caller'], (set) => {
    for (const [caller, { active }] of sources.loads.all) set({ caller }, active)
  })
  add(Counter, 'grants_total', 'Token requests of a client by their result', ['client', 'result'], (set) => {
    for (const { name, grants, failedGrants } of sources.active.clients.values()) {
      set({ client: name, result: 'granted' }, grants)
      set({ client: name, result: 'failed' }, failedGrants)
    }
  })
  add(Gauge, 'token_state', '1 for the state that a client’s token is in', ['client', 'state'], (set) => {
    for (const { name, client } of sources.active.clients.values()) {
      const { state } = client.status()
      for (const each of states) set({ client: name, state: each }, each === state ? 1 : 0)
    }
  })
  add(Gauge, 'token_served_until_seconds', 'Unix time until which a client’s token is served', ['client'], (set) => {
    for (const { name, client } of sources.active.clients.values()) {
      const { servedUntil } = client.status()
      if (servedUntil !== undefined) set({ client: name }, servedUntil.getTime() / 1000)
    }
  })
  add(Gauge, 'store_available', '0 if the store did not answer the last time', ['client'], (set) => {
    for (const { name, isStoreFailing } of sources.active.clients.values()) {
      if (isStoreFailing !== undefined) set({ client: name }, isStoreFailing ? 0 : 1)
    }
  })
  registry.registerMetric(durationsOf(sources.traffic))
  return registry
}

/** A histogram from counts that are there already; prom-client's own would count each request a second time. */
function durationsOf(traffic: Traffic): Metric {
  const name = 'nightlatch_gateway_request_duration_seconds'
  const help = 'From a request to the end of its response'
  const metric = {
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    reset(): void {},
    get: async () => ({
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      values: traffic.all.flatMap(({ caller, upstream, durations, seconds, total }) => {
        const labels = { caller, upstream }
        let sum = 0
        return [
          ...durations.map((count, at) => {
            sum += count
            return {
              metricName: `${name}_bucket`,
              labels: { ...labels, le: durationBounds[at] ?? '+Inf' },
              value: sum,
            }
          }),
          { metricName: `${name}_sum`, labels, value: seconds },
          { metricName: `${name}_count`, labels, value: total },
        ]
      }),
    }),
  }
  return metric as unknown as Metric
}
