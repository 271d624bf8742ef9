import { NightlatchError, showUrl, withHints } from '../errors.ts'
import type { Provider } from './provider.ts'

/** Adds the provider's hints to a failed grant or discovery. If its `explain` throws, there are none. */
export function explainFailure(provider: Provider, failure: NightlatchError): NightlatchError
export function explainFailure(provider: Provider, failure: unknown): unknown
export function explainFailure(provider: Provider, failure: unknown): unknown {
  if (!(failure instanceof NightlatchError) || provider.explain === undefined) return failure
  try {
    const hints: unknown = provider.explain(failure)
    return Array.isArray(hints)
      ? withHints(
          failure,
          hints.filter((hint) => typeof hint === 'string'),
        )
      : failure
  } catch {
    return failure
  }
}

/** The error of a grant that missed its deadline. */
export function describeLateness({ name, tokenEndpoint, issuer }: Provider, seconds: number): NightlatchError {
  const endpoint = showUrl(new URL((tokenEndpoint ?? issuer) as string | URL))
  const limit = Math.round(seconds * 1000) / 1000
  return new NightlatchError('timed_out', `${name}: ${endpoint} did not give a token within ${limit} s`, {
    provider: name,
    retryable: true,
  })
}
