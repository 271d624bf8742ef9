import type { IncomingMessage, ServerResponse } from 'node:http'
import { NightlatchError } from '@nightlatch/core'
import type { Registry } from 'prom-client'
import type { ActiveConfiguration } from './active-configuration.ts'
import { reportClient } from './client-report.ts'
import { createMetrics, type MetricSources } from './metrics.ts'
import { type Problem, problem, writeProblem } from './problem.ts'
import { checkRequest, toHostSet } from './request-check.ts'
import type { RunningClient } from './running-client.ts'
import { reportTraffic, type StatusReport, writeStatusPage } from './status-page.ts'

/** How long a health check waits for a token, in milliseconds. */
const readyTimeoutMs = 5000

const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** Answers the requests of the admin listener. */
export class AdminHandler {
  readonly #sources: MetricSources
  readonly #metrics: Registry

  constructor(sources: MetricSources) {
    this.#sources = sources
    this.#metrics = createMetrics(sources)
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (refusal: Problem): void => {
      const { body, headers } = writeProblem(refusal)
      response.writeHead(refusal.status, headers).end(request.method === 'HEAD' ? undefined : body)
    }
    const malformed = checkRequest(request, toHostSet(this.#sources.active.config.hosts))
    if (malformed !== undefined) return refuse(malformed)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refuse(problem('method_not_allowed', 'Send a GET request', { headers: { allow: 'GET, HEAD' } }))
    }
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, {
        ...securityHeaders,
        'content-type': type,
        'content-length': String(Buffer.byteLength(body)),
      })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    if (path === '/live') send(200, 'application/json', '{"live":true}')
    else if (path === '/ready') {
      const ready = await this.#checkReady(new URLSearchParams(query).get('client'))
      if (ready === undefined)
        return refuse(problem('upstream_unknown', 'The configuration has no client of this name'))
      send(ready.ready ? 200 : 503, 'application/json', JSON.stringify(ready))
    } else if (path === '/metrics') send(200, this.#metrics.contentType, await this.#metrics.metrics())
    else if (path === '/') {
      const report = this.#report()
      if (wantsJson(request.headers.accept)) send(200, 'application/json', JSON.stringify(report))
      else send(200, 'text/html; charset=utf-8', writeStatusPage(report))
    } else refuse(problem('upstream_unknown', 'The admin listener has /, /live, /ready and /metrics'))
  }

  #report(): StatusReport {
    const { active, traffic } = this.#sources
    return {
      at: new Date().toISOString(),
      clients: [...active.clients.values()].map(reportClient),
      requests: traffic.all.map(reportTraffic),
    }
  }

  /** @returns `undefined` if there is no such client */
  async #checkReady(name: string | null): Promise<{ ready: boolean; clients: object } | undefined> {
    const { clients }: ActiveConfiguration = this.#sources.active
    const chosen = name === null ? [...clients.values()] : [...clients.values()].filter((each) => each.name === name)
    if (name !== null && chosen.length === 0) return undefined
    const results = await Promise.all(chosen.map(async (client) => [client.name, await whyNotReady(client)] as const))
    return {
      ready: results.every(([, why]) => why === undefined),
      clients: Object.fromEntries(
        results.map(([client, code]) => [client, code === undefined ? { ready: true } : { ready: false, code }]),
      ),
    }
  }
}

async function whyNotReady({ client }: RunningClient): Promise<string | undefined> {
  try {
    await client.token({ signal: AbortSignal.timeout(readyTimeoutMs) })
    return undefined
  } catch (failure) {
    return failure instanceof NightlatchError ? failure.code : 'timed_out'
  }
}

/** Whether JSON is named before HTML. */
function wantsJson(accept = ''): boolean {
  const json = accept.indexOf('application/json')
  const html = accept.indexOf('text/html')
  return json >= 0 && (html < 0 || json < html)
}
