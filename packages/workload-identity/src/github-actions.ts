import type { AssertionSource } from '@nightlatch/core'
import { type Environment, requireVariable } from './environment.ts'
import { namedSource } from './named-source.ts'
import { rejectUnknownOptions, requireSecureUrl, requireText } from './options.ts'
import { readMember, requestJwt } from './request-jwt.ts'

/** Options of `githubActions`. */
export interface GithubActionsOptions {
  /** The `aud` claim. Default: GitHub's own, the URL of the repository's owner. */
  readonly audience?: string
  /** The environment variables. Default: those of this process. */
  readonly environment?: Environment
  /** The transport. Default: the runtime's `fetch`. */
  readonly fetch?: typeof globalThis.fetch
}

/**
 * The OpenID Connect token of a GitHub Actions job. The job needs the permission `id-token: write`.
 *
 * @returns a source that throws NightlatchError `invalid_options` outside such a job, `endpoint_unavailable` if GitHub does not respond
 * @example
 * ```ts
 * const clientAuthentication = clientAssertion(githubActions({ audience: 'api://AzureADTokenExchange' }))
 * ```
 * @see {@link https://docs.github.com/en/actions/reference/security/oidc GitHub, OpenID Connect reference}
 */
export function githubActions(options: GithubActionsOptions = {}): AssertionSource {
  rejectUnknownOptions('githubActions', options, ['audience', 'environment', 'fetch'])
  const { audience, environment, fetch } = options
  if (audience !== undefined) requireText('githubActions: audience', audience)
  const wayOut =
    'GitHub sets it for a job that has the permission `id-token: write`; a workflow for a pull request from a fork does not get that permission.'
  return namedSource(audience === undefined ? 'GitHub Actions' : `GitHub Actions for ${audience}`, async () => {
    const address = requireVariable('ACTIONS_ID_TOKEN_REQUEST_URL', environment, wayOut)
    const credential = requireVariable('ACTIONS_ID_TOKEN_REQUEST_TOKEN', environment, wayOut)
    requireSecureUrl('ACTIONS_ID_TOKEN_REQUEST_URL', address)
    const query =
      audience === undefined ? '' : `${address.includes('?') ? '&' : '?'}audience=${encodeURIComponent(audience)}`
    return await requestJwt({
      platform: 'GitHub Actions',
      url: new URL(`${address}${query}`),
      headers: { accept: 'application/json', authorization: `Bearer ${credential}` },
      fetch,
      wayOut: 'Does the job have the permission `id-token: write`, and is it still running?',
      readJwt: (body) => readMember(body, 'value'),
    })
  })
}
