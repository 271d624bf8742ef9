import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../src/read-repository.ts'

/** Runs a tool from the sources of the packages, and reads the JSON that it prints. */
function run(file: string, ...options: readonly string[]): unknown {
  const program = join(root, 'tools/src', file)
  return JSON.parse(
    execFileSync(process.execPath, ['--conditions=@nightlatch/source', ...options, program], { encoding: 'utf8' }),
  )
}

it('a first client.token() runs these files of the core, and no others', () => {
  // The way of a call, from the client to the grant and back; then what these files compute with.
  const way = [
    'provider-client.ts',
    'client-parts.ts',
    'cache/token-source.ts',
    'cache/token-entries.ts',
    'cache/token-entry.ts',
    'platform/single-flight.ts',
    'acquire/acquire-token.ts',
    'acquire/credentials.ts',
    'acquire/endpoint-finder.ts',
    'acquire/request-grant.ts',
    'acquire/server-request.ts',
    'acquire/provider-request.ts',
    'acquire/client-authentication.ts',
    'acquire/judge-response.ts',
    'acquire/token-response.ts',
  ]
  const leaves = [
    'acquire/access-token.ts',
    'acquire/grant-report.ts',
    'acquire/jwt-claims.ts',
    'acquire/lifetime.ts',
    'acquire/retry.ts',
    'acquire/token-request.ts',
    'cache/freshness.ts',
    'diagnostics.ts',
    'errors.ts',
    'events.ts',
    'platform/answer-body.ts',
    'platform/base64.ts',
    'platform/cloudflare-workers.ts',
    'platform/deadline.ts',
    'platform/flight-request.ts',
    'platform/load-once.ts',
    'platform/validation.ts',
  ]
  expect(run('cold-path.ts')).toEqual([...way, ...leaves].sort())
})

/** Bytes. */
const mostForFetch = 1600

it('a cached token() allocates nothing beyond the number that Date.now() returns, and a fetch little', () => {
  const heap = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64']
  // V8 allocates 16 bytes for the result of `Date.now()`, whatever is done with it.
  let [token, fetch] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  // On a busy machine the engine allocates more for itself meanwhile, so each is judged by its best measurement.
  for (let round = 0; round < 5 && (token > 0 || fetch > mostForFetch); round += 1) {
    const bytes = run('count-allocations.ts', ...heap) as Record<'clock' | 'token' | 'fetch', number>
    token = Math.min(token, bytes.token - bytes.clock)
    fetch = Math.min(fetch, bytes.fetch)
  }
  expect(token).toBeLessThanOrEqual(0)
  expect(fetch).toBeLessThanOrEqual(mostForFetch)
})
