import { readFileSync } from 'node:fs'
import { createClient, type Provider, type TokenStore } from '@nightlatch/core'
import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { instrument } from '../src/index.ts'
import type { ReceivedMetric } from './otlp-receiver.ts'
import { prometheusLabel, prometheusNames } from './prometheus-names.ts'
import { type Sdk, startSdk } from './sdk.ts'

const read = (page: string): string => readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8')

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly definition?: string }[] }
}

const dashboard: Dashboard = JSON.parse(read('grafana-dashboard.json'))
const queries = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.flatMap(({ definition }) => definition ?? []),
]
/** The metrics that a query names. */
const namesIn = (query: string): readonly string[] =>
  [...query.matchAll(/(?:rate|label_values)\((nightlatch_[a-z_]+)/g)].map(([, name = '']) => name)
const guide = read('opentelemetry.md')

let sdk: Sdk
let metrics: readonly ReceivedMetric[]
beforeAll(async () => {
  sdk = await startSdk()
  const undo = instrument(sdk)
  await doEverything()
  await sdk.flush()
  undo()
  metrics = sdk.receiver.metrics()
})
afterAll(() => sdk[Symbol.asyncDispose]())

/** All that a client does, so that each metric is exported at least once. */
async function doEverything(): Promise<void> {
  await using emulator = await startEmulator(standardEmulation())
  const { tokenEndpoint, credentials, apiUrl } = emulator
  const broken = (): Promise<never> => Promise.reject(new Error('down'))
  const store: TokenStore = { get: broken, set: broken, delete: broken }
  const provider: Provider<string> = {
    name: 'acme',
    tokenEndpoint,
    apiOrigins: [new URL(apiUrl).origin],
    api: async () => ({ baseUrl: apiUrl, info: 'here' }),
  }
  const client = createClient(provider, { credentials, store })
  emulator.faults.set('token', { name: 'error', status: 503 }, { times: 1 })
  await Promise.all([client.info(), client.token()])
  emulator.faults.set('api', { name: 'revoked' })
  await client.fetch(`${apiUrl}/orders`)
  await client.fetch('https://elsewhere.example/').catch(() => {})
  const wrong = { ...credentials, clientSecret: 'wrong' }
  await createClient(provider, { credentials: wrong })
    .token()
    .catch(() => {})
}

describe('the dashboard', () => {
  it('queries exactly the exported metrics', () => {
    const asked = new Set(queries.flatMap(namesIn))
    const made = metrics.flatMap(prometheusNames)
    expect([...asked].filter((name) => !made.includes(name))).toEqual([])
    const missing = metrics.filter((metric) => !prometheusNames(metric).some((name) => asked.has(name)))
    expect(missing.map(({ name }) => name)).toEqual([])
  })

  it('groups by attributes that those metrics have', () => {
    for (const query of queries) {
      const [name = ''] = namesIn(query)
      const metric = metrics.find((one) => prometheusNames(one).includes(name))
      const labels = metric?.points.flatMap(({ attributes }) => Object.keys(attributes)).map(prometheusLabel) ?? []
      const asked = [
        ...[...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(', ')),
        ...[...query.matchAll(/([a-z_]+)(?:=~|!=|="|=)/g)].map(([, label = '']) => label),
      ]
      expect(labels, query).not.toEqual([])
      expect(
        asked.filter((label) => ![...labels, 'le'].includes(label)),
        query,
      ).toEqual([])
    }
  })
})

describe('the guide', () => {
  it('names every metric with its unit and every attribute, and no other', () => {
    const rows = [...guide.matchAll(/^\| `(nightlatch\.[a-z.]+)` +\| (?:counter|histogram) +\| `([^`]+)`/gm)]
    const documented = rows.map(([, name, unit]) => [name, unit]).sort()
    expect(documented).toEqual(metrics.map(({ name, unit }) => [name, unit]).sort())
    const attributes = new Set(
      metrics.flatMap(({ points }) => points.flatMap((point) => Object.keys(point.attributes))),
    )
    expect([...attributes].filter((name) => !guide.includes(`\`${name}\``))).toEqual([])
  })
})
