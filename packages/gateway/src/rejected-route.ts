import { hash } from 'node:crypto'
import type { ActiveConfiguration } from './active-configuration.ts'
import type { IdentifiedRequest } from './identified-request.ts'
import { problem } from './problem.ts'
import { readBody } from './request-body.ts'
import type { RunningClient } from './running-client.ts'

const maxReportBytes = 1024

/** Answers `POST /rejected/<client>`, by which a proxy reports that the API rejected the token. */
export async function answerRejectedToken(
  { exchange, active, caller }: IdentifiedRequest,
  name: string,
): Promise<void> {
  if (exchange.entry.method !== 'POST') {
    exchange.answer(problem('method_not_allowed', 'Send a POST request', { headers: { allow: 'POST' } }))
    return
  }
  const client = active.clients.get(name)
  if (client === undefined || !mayReport(active, client, caller)) {
    exchange.answer(problem('not_allowed', 'The caller has no access to a client of this name'))
    return
  }
  let digest: unknown
  try {
    const body = await readBody(exchange.request, maxReportBytes)
    exchange.entry.bytesIn = body.byteLength
    digest = (JSON.parse(body.toString()) as { readonly token_sha256?: unknown } | null)?.token_sha256
  } catch {
    digest = undefined
  }
  if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) {
    const detail = 'The body must be {"token_sha256":"<64 lower-case hexadecimal digits>"}'
    exchange.answer(problem('request_invalid', detail))
    return
  }
  await replaceToken(client, digest)
  exchange.send(204, { 'cache-control': 'no-store' }, '')
}

/** Replaces the current token, if the digest is its own. If no other token is available now, the core retries later. */
async function replaceToken({ client }: RunningClient, digest: string): Promise<void> {
  // Without a token in memory, nothing needs replacing.
  if (client.status().servedUntil === undefined) return
  try {
    const token = await client.token()
    if (hash('sha256', token.value, 'hex') === digest) await client.token({ rejected: token })
  } catch {
    // The report was received; that there is no token is said to those who ask for one.
  }
}

/** Callers with a rule on an upstream of the client, with `authorize`, or with its tokens. */
function mayReport(active: ActiveConfiguration, client: RunningClient, caller: string | undefined): boolean {
  if (active.tokens.get(client.name)?.permits(caller) === true) return true
  return [...active.upstreams.values()].some(
    (upstream) =>
      upstream.client === client &&
      (upstream.rules.names(caller) || (caller !== undefined && upstream.authorize.has(caller))),
  )
}
