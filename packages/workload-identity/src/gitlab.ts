import type { AssertionSource } from '@nightlatch/core'
import { type Environment, requireVariable } from './environment.ts'
import { namedSource } from './named-source.ts'
import { rejectUnknownOptions, requireText } from './options.ts'

/** Options of `gitlab`. */
export interface GitlabOptions {
  /** The environment variables. Default: those of this process. */
  readonly environment?: Environment
}

/**
 * An ID token of a GitLab CI/CD job, which the job's `id_tokens` puts into an environment variable.
 *
 * @param variable its name under `id_tokens`
 * @returns a source that throws NightlatchError `invalid_options` if the variable is not set
 * @example
 * ```ts
 * const clientAuthentication = clientAssertion(gitlab('ACME_ID_TOKEN'))
 * ```
 * @see {@link https://docs.gitlab.com/ci/secrets/id_token_authentication/ GitLab, OpenID Connect authentication using ID tokens}
 */
export function gitlab(variable: string, options: GitlabOptions = {}): AssertionSource {
  rejectUnknownOptions('gitlab', options, ['environment'])
  requireText('gitlab: the variable', variable)
  const wayOut = `In .gitlab-ci.yml, add \`id_tokens: { ${variable}: { aud: … } }\` to the job.`
  return namedSource(`GitLab ${variable}`, async () => requireVariable(variable, options.environment, wayOut))
}
