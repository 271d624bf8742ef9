import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What OTLP writes a value as, in JSON. */
type OtlpValue = Readonly<Record<string, string | number | boolean>>

interface OtlpAttribute {
  readonly key: string
  readonly value: OtlpValue
}

type Attributes = Readonly<Record<string, unknown>>

/** A span as it was exported. */
export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** 1: internal, 3: client. */
  readonly kind: number
  readonly attributes: Attributes
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  /** 2: failed. */
  readonly status: { readonly code?: number; readonly message?: string }
}

/** A metric as it was exported last. */
export interface ReceivedMetric {
  readonly name: string
  readonly unit: string
  readonly type: 'sum' | 'histogram'
  readonly points: readonly {
    readonly attributes: Attributes
    readonly value: number | undefined
    readonly count: number | undefined
    readonly sum: number | undefined
  }[]
}

/** An OTLP receiver on loopback: what a collector would see. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string
  /** Every body as it came. */
  readonly payloads: readonly string[]
  spans(): readonly ReceivedSpan[]
  metrics(): readonly ReceivedMetric[]
}

/** Starts a receiver that takes OTLP over HTTP, in JSON. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const payloads: string[] = []
  const spans: ReceivedSpan[] = []
  let metrics: readonly ReceivedMetric[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    payloads.push(body)
    const message = JSON.parse(body)
    if (request.url === '/v1/traces') spans.push(...readSpans(message))
    if (request.url === '/v1/metrics') metrics = readMetrics(message)
    response.setHeader('content-type', 'application/json').end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    payloads,
    spans: () => spans,
    metrics: () => metrics,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface OtlpTraces {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[] }[]
}

interface OtlpSpan extends Omit<ReceivedSpan, 'attributes' | 'links'> {
  readonly attributes: readonly OtlpAttribute[]
  readonly links?: ReceivedSpan['links']
}

function readSpans({ resourceSpans }: OtlpTraces): readonly ReceivedSpan[] {
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
  return spans.map(({ attributes, links = [], status = {}, parentSpanId, ...span }) => ({
    ...span,
    parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
    attributes: readAttributes(attributes),
    links,
    status,
  }))
}

interface OtlpPoints {
  readonly dataPoints: readonly {
    readonly attributes: readonly OtlpAttribute[]
    readonly asDouble?: number
    readonly asInt?: string | number
    readonly count?: string | number
    readonly sum?: number
  }[]
}

interface OtlpMetrics {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string
        readonly unit: string
        readonly sum?: OtlpPoints
        readonly histogram?: OtlpPoints
      }[]
    }[]
  }[]
}

function readMetrics({ resourceMetrics }: OtlpMetrics): readonly ReceivedMetric[] {
  const metrics = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
  return metrics.map(({ name, unit, sum, histogram }) => ({
    name,
    unit,
    type: sum === undefined ? 'histogram' : 'sum',
    points:
      (sum ?? histogram)?.dataPoints.map((point) => ({
        attributes: readAttributes(point.attributes),
        value: numberOf(point.asDouble ?? point.asInt),
        count: numberOf(point.count),
        sum: point.sum,
      })) ?? [],
  }))
}

function numberOf(value: string | number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}

function readAttributes(attributes: readonly OtlpAttribute[]): Attributes {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, readValue(value)]))
}

function readValue(value: OtlpValue): unknown {
  return 'intValue' in value ? Number(value.intValue) : Object.values(value)[0]
}
