import type { AssertionSource } from '@nightlatch/core'
import { type Environment, requireVariable } from './environment.ts'
import { namedSource } from './named-source.ts'
import { rejectUnknownOptions } from './options.ts'

/** Options of `vercel`. */
export interface VercelOptions {
  /**
   * Returns the header `x-vercel-oidc-token` of the request that is being handled: a Vercel Function gets its token there.
   * Default: only the variable is read, as in builds and in local development.
   */
  readonly header?: () => string | null | undefined | Promise<string | null | undefined>
  /** The environment variables. Default: those of this process. */
  readonly environment?: Environment
}

/**
 * The OpenID Connect token of a Vercel project: from the header, or else from the variable `VERCEL_OIDC_TOKEN`.
 *
 * @returns a source that throws NightlatchError `invalid_options` if there is neither
 * @example
 * ```ts
 * const clientAuthentication = clientAssertion(vercel())
 * ```
 * @see {@link https://vercel.com/docs/oidc/reference Vercel, OIDC federation reference}
 */
export function vercel(options: VercelOptions = {}): AssertionSource {
  rejectUnknownOptions('vercel', options, ['header', 'environment'])
  const { header, environment } = options
  const wayOut =
    header === undefined
      ? "A Vercel Function gets its token in the request's header x-vercel-oidc-token: pass the option `header`."
      : 'The header x-vercel-oidc-token is missing, too. Is OIDC federation enabled in the settings of the project?'
  return namedSource('Vercel', async () => {
    const token = (await header?.())?.trim()
    return token ? token : requireVariable('VERCEL_OIDC_TOKEN', environment, wayOut)
  })
}
