import { explainNetworkFailure, NightlatchError, readNetworkFailure } from '@nightlatch/core'
import { type Problem, problem } from './problem.ts'
import { BodyTooLarge } from './request-body.ts'
import type { RunningClient } from './running-client.ts'

/** Says why a request got no answer of the API. No message of another library is repeated, because it may quote the request. */
export function explainFailure(failure: unknown, client: RunningClient, timeout: number): Problem {
  if (failure instanceof NightlatchError) return explainTokenFailure(failure, client)
  if (failure instanceof BodyTooLarge) return bodyTooLarge()
  const reason = readNetworkFailure(failure)
  const { code } = reason
  const api = client.base?.origin ?? 'The API'
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    return problem('upstream_timed_out', `${api} did not respond within ${timeout} s (the upstream's \`timeout\`)`)
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    return problem('upstream_timed_out', `${api} accepted no connection within 5 s`)
  }
  return problem('upstream_unavailable', `${api} ${explainNetworkFailure(reason).said}`)
}

/** Says why there is no token; 503 if the next request may get one. */
export function explainTokenFailure(
  failure: NightlatchError,
  { client }: RunningClient,
  now: number = Date.now(),
): Problem {
  const { message, hints, retryable, retryAfter } = failure
  const retryAt = client.status().retryAt?.getTime()
  const wait = retryAfter ?? (retryAt === undefined ? undefined : (retryAt - now) / 1000)
  return problem('token_unavailable', message, { status: retryable ? 503 : 502, hints, retryAfter: wait })
}

/** The answer for a body that is larger than the upstream permits. */
export function bodyTooLarge(): Problem {
  return problem('body_too_large', 'The body is larger than the upstream permits (`maxBodyBytes`)')
}
