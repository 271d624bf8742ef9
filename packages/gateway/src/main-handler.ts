import type { FastifyReply } from 'fastify'
import type { ActiveConfiguration, ActiveUpstream } from './active-configuration.ts'
import { answerAuthorizeRequest } from './authorize-route.ts'
import type { CallerLoads } from './caller-load.ts'
import { Exchange, type ExchangeParts } from './exchange.ts'
import { Forwarding } from './forwarding.ts'
import { type ForwardedRequest, forwardingHooks } from './forwarding-hooks.ts'
import { type IdentifiedRequest, notAllowed } from './identified-request.ts'
import { type Problem, problem } from './problem.ts'
import { answerRejectedToken } from './rejected-route.ts'
import { hasBody } from './request-body.ts'
import { checkRequest } from './request-check.ts'
import { parseTarget, type RequestTarget } from './request-target.ts'
import { answerTokenRequest, refuseTokenRequest } from './token-route.ts'
import { explainFailure } from './upstream-failure.ts'

/** What the main listeners share. */
export interface MainParts extends ExchangeParts {
  /** The configuration in use; a reload replaces it. */
  active: ActiveConfiguration
  readonly loads: CallerLoads
}

/** Judges and forwards the requests of the main listeners. */
export class MainHandler {
  readonly #parts: MainParts

  constructor(parts: MainParts) {
    this.#parts = parts
  }

  /** Handles one request. */
  handle(request: ForwardedRequest, reply: FastifyReply): void {
    const { raw } = request
    const target = request.originalUrl
    const exchange = new Exchange(this.#parts, raw, reply.raw, target)
    const { active } = this.#parts
    // It asks about the gateway, and no upstream (RFC 9110 section 9.3.7).
    if (target === '*' && raw.method === 'OPTIONS') {
      reply.hijack()
      exchange.send(204, { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' }, '')
      return
    }
    const identified = this.judge(exchange, target, active)
    if (identified instanceof Promise) {
      identified
        .then((later) => this.#proceed(later, exchange, request, reply))
        .catch(() => {
          reply.hijack()
          exchange.fail()
        })
    } else this.#proceed(identified, exchange, request, reply)
  }

  #proceed(
    identified: IdentifiedRequest | Problem,
    exchange: Exchange,
    request: ForwardedRequest,
    reply: FastifyReply,
  ): void {
    if (!('code' in identified)) {
      this.#route(identified, request, reply)
      return
    }
    reply.hijack()
    if (request.originalUrl.startsWith('/token/')) refuseTokenRequest(exchange, identified)
    else exchange.answer(identified)
  }

  /** Checks a request, and finds its caller. */
  judge(
    exchange: Exchange,
    target: string,
    active: ActiveConfiguration,
  ): IdentifiedRequest | Problem | Promise<IdentifiedRequest | Problem> {
    const { request, entry } = exchange
    const { identity } = active
    const malformed = checkRequest(request, identity === undefined ? active.hosts : undefined)
    if (malformed !== undefined) return malformed
    if (entry.method === 'TRACE' || entry.method === 'CONNECT') {
      return problem('method_not_allowed', `${entry.method} is not forwarded`, { headers: { allow: 'GET, POST' } })
    }
    const parsed = parseTarget(target)
    if (typeof parsed === 'string') return problem('request_invalid', `The request is malformed: ${parsed}`)
    entry.path = `/${parsed.name}${parsed.path}`
    if (identity === undefined) return this.#occupy(exchange, active, parsed, undefined)
    const caller = identity.identify(request)
    if (typeof caller === 'string') return this.#occupy(exchange, active, parsed, caller)
    if (!(caller instanceof Promise)) return caller
    return caller.then((later) => (typeof later === 'string' ? this.#occupy(exchange, active, parsed, later) : later))
  }

  #occupy(
    exchange: Exchange,
    active: ActiveConfiguration,
    target: RequestTarget,
    caller: string | undefined,
  ): IdentifiedRequest | Problem {
    exchange.entry.caller = caller
    const load = this.#parts.loads.of(caller ?? '')
    const concurrency = active.concurrencyOf(caller)
    if (load.active >= concurrency) {
      return problem('overloaded', `The caller has ${concurrency} requests in progress (\`concurrency\`)`, {
        retryAfter: 1,
      })
    }
    exchange.occupy(load)
    return { exchange, active, target, caller }
  }

  #route(identified: IdentifiedRequest, request: ForwardedRequest, reply: FastifyReply): void {
    const { exchange, active, target, caller } = identified
    const upstream = active.upstreams.get(target.name)
    if (upstream === undefined) {
      reply.hijack()
      answerOwnRoute(identified).catch(() => exchange.fail())
      return
    }
    exchange.entry.upstream = upstream.name
    const rule = upstream.rules.find(caller, exchange.request, target.path === '' ? '/' : target.path)
    if (rule === undefined) {
      reply.hijack()
      exchange.answer(notAllowed(upstream, caller))
      return
    }
    exchange.entry.rule = rule
    if (upstream.client.base === undefined || hasBody(exchange.request)) {
      this.#prepare(upstream, exchange, target, request, reply).catch(() => {
        reply.hijack()
        exchange.fail()
      })
    } else this.#forward(upstream, exchange, target, request, reply)
  }

  #forward(
    upstream: ActiveUpstream,
    exchange: Exchange,
    target: RequestTarget,
    request: ForwardedRequest,
    reply: FastifyReply,
  ): void {
    request.forwarding = new Forwarding(exchange, upstream, target)
    reply.from('/', forwardingHooks)
  }

  /** Discovers the API, and opens the body. */
  async #prepare(
    upstream: ActiveUpstream,
    exchange: Exchange,
    target: RequestTarget,
    request: ForwardedRequest,
    reply: FastifyReply,
  ): Promise<void> {
    try {
      if (upstream.client.base === undefined) await upstream.client.findBase()
    } catch (failure) {
      reply.hijack()
      exchange.answer(explainFailure(failure, upstream.client, upstream.timeout))
      return
    }
    const forwarding = new Forwarding(exchange, upstream, target)
    if (hasBody(exchange.request) && !(await forwarding.open())) {
      reply.hijack()
      return
    }
    request.forwarding = forwarding
    reply.from('/', forwardingHooks)
  }
}

/** The routes of the gateway itself. */
async function answerOwnRoute(identified: IdentifiedRequest): Promise<void> {
  const { exchange, target, active } = identified
  const { name, path } = target
  const slash = path.indexOf('/', 1)
  const subject = slash < 0 ? path.slice(1) : path.slice(1, slash)
  if (name === 'token' && slash < 0) return await answerTokenRequest(identified, subject)
  if (name === 'rejected' && slash < 0) return await answerRejectedToken(identified, subject)
  if (name === 'authorize') {
    return await answerAuthorizeRequest(identified, subject, slash < 0 ? '' : path.slice(slash))
  }
  const names = [...active.upstreams.keys()]
  exchange.answer(
    problem('upstream_unknown', 'The first segment of the path names no upstream', {
      hints: names.length === 0 ? ['The configuration has no upstreams.'] : [],
    }),
  )
}
