import { NightlatchError } from '@nightlatch/core'
import type { ActiveUpstream } from './active-configuration.ts'
import { type IdentifiedRequest, notAllowed } from './identified-request.ts'
import { problem } from './problem.ts'
import { parseTarget } from './request-target.ts'
import { explainTokenFailure } from './upstream-failure.ts'

/**
 * Answers `GET /authorize/<upstream>` for a proxy (`auth_request` of nginx, `ext_authz` of Envoy): the headers that authorize the
 * request that the proxy is about to send to the API.
 *
 * @param rest the path after the upstream's name, which Envoy appends: that of the original request
 */
export async function answerAuthorizeRequest(
  { exchange, active, caller, target }: IdentifiedRequest,
  name: string,
  rest: string,
): Promise<void> {
  const upstream = active.upstreams.get(name)
  if (upstream === undefined || caller === undefined || !upstream.authorize.has(caller)) {
    exchange.answer(problem('not_allowed', 'No upstream of this name names the caller in `authorize`'))
    return
  }
  exchange.entry.upstream = upstream.name
  const { headers } = exchange.request
  // Where a proxy appends the path, these headers are those of its client, which must not choose what is judged.
  const isAppended = rest !== ''
  const method = isAppended ? exchange.entry.method : headers['x-original-method']
  const uri = isAppended ? rest + target.query : headers['x-original-uri']
  if (typeof method !== 'string' || typeof uri !== 'string') {
    const detail = 'X-Original-Method and X-Original-URI (the path at the API) are required'
    exchange.answer(problem('request_invalid', detail))
    return
  }
  // The parser reads the first segment as a name.
  const original = parseTarget(`/original${uri}`)
  const path = typeof original === 'string' || !uri.startsWith('/') ? undefined : original
  const rule = path && upstream.rules.findForAnyone(method, path.path)
  if (path === undefined || rule === undefined) {
    exchange.answer(notAllowed(upstream, caller))
    return
  }
  exchange.entry.rule = rule
  try {
    const authorized = await authorize(upstream, method, path.path + path.query)
    exchange.entry.tokenAge = upstream.client.tokenAge
    exchange.send(200, { ...authorized, 'cache-control': 'no-store', 'content-length': '0' }, '')
  } catch (failure) {
    const refusal =
      failure instanceof NightlatchError
        ? explainTokenFailure(failure, upstream.client)
        : problem('token_unavailable', 'The token request failed')
    // nginx and Envoy take 502 for a failure of their own.
    exchange.answer({ ...refusal, status: 503 })
  }
}

async function authorize(
  { client }: ActiveUpstream,
  method: string,
  target: string,
): Promise<Readonly<Record<string, string>>> {
  const base = client.base ?? (await client.findBase())
  const authorization = await client.client.authorize(`${base.href.replace(/\/$/, '')}${target}`, { method })
  return authorization?.headers ?? {}
}
