import type { AssertionSource } from '@nightlatch/core'
import { type Environment, findVariable } from './environment.ts'
import { namedSource } from './named-source.ts'
import { rejectUnknownOptions, requireText, requireUrl } from './options.ts'
import { requestJwt } from './request-jwt.ts'

/** Options of `googleMetadata`. */
export interface GoogleMetadataOptions {
  /** The `aud` claim. */
  readonly audience: string
  /** The service account's email address. Default `'default'`, the one that is attached to the workload. */
  readonly serviceAccount?: string
  /** Where the metadata server is. Default: the host in the variable `GCE_METADATA_HOST`, else `http://metadata.google.internal`. */
  readonly endpoint?: string | URL
  /** The environment variables. Default: those of this process. */
  readonly environment?: Environment
  /** The transport. Default: the runtime's `fetch`. */
  readonly fetch?: typeof globalThis.fetch
}

/**
 * The identity token of a workload on Google Cloud, from the metadata server: Compute Engine, Google Kubernetes Engine, Cloud Run.
 *
 * @returns a source that throws NightlatchError `invalid_options` without a service account, `endpoint_unavailable` outside Google Cloud
 * @example
 * ```ts
 * const clientAuthentication = clientAssertion(googleMetadata({ audience: 'https://login.acme.example' }))
 * ```
 * @see {@link https://cloud.google.com/compute/docs/instances/verifying-instance-identity Google Cloud, Verify VM identity}
 */
export function googleMetadata(options: GoogleMetadataOptions): AssertionSource {
  rejectUnknownOptions('googleMetadata', options, ['audience', 'serviceAccount', 'endpoint', 'environment', 'fetch'])
  requireText('googleMetadata: audience', options.audience)
  const { audience, serviceAccount = 'default', endpoint, environment, fetch } = options
  return namedSource(`Google metadata server for ${audience}`, async () => {
    const host = findVariable('GCE_METADATA_HOST', environment)
    const base = endpoint ?? (host === undefined ? 'http://metadata.google.internal' : `http://${host}`)
    const url = requireUrl(endpoint === undefined ? 'GCE_METADATA_HOST' : 'endpoint', base)
    url.pathname = `/computeMetadata/v1/instance/service-accounts/${encodeURIComponent(serviceAccount)}/identity`
    url.search = `audience=${encodeURIComponent(audience)}&format=full`
    return await requestJwt({
      platform: 'Google Cloud',
      url,
      headers: { 'metadata-flavor': 'Google' },
      fetch,
      wayOut: `Is the service account \`${serviceAccount}\` attached to this workload?`,
      // Another server at this address does not set the header.
      readJwt: (body, headers) => (headers.get('metadata-flavor') === 'Google' ? body.trim() || undefined : undefined),
    })
  })
}
