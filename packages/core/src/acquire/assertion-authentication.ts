import { NightlatchError } from '../errors.ts'
import type { AssertionSource } from './assertion-source.ts'
import type { ClientAuthentication } from './authentication-method.ts'

/**
 * Authenticates by a JWT that another party signed instead of a client secret: a platform's workload identity, or an
 * identity provider that the authorization server trusts. `client_id` is sent if the credentials have one.
 *
 * @param source returns the JWT; called for each HTTP attempt, and once more if the server rejects the client
 * @param options.type default `'jwt-bearer'`
 * @throws NightlatchError `invalid_options` for wrong arguments, and when a grant is made with a JWT that has expired
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises'
 * import { clientAssertion, createClient } from '@nightlatch/core'
 *
 * const clientAuthentication = clientAssertion(() => readFile('/var/run/secrets/tokens/acme', 'utf8'))
 * const client = createClient({ name: 'acme', issuer: 'https://login.acme.example', clientAuthentication }, { credentials: {} })
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-2.2 RFC 7523 section 2.2}
 * @see {@link https://datatracker.ietf.org/doc/draft-ietf-oauth-spiffe-client-auth/ OAuth SPIFFE Client Authentication}
 */
export function clientAssertion(source: AssertionSource, options: ClientAssertionOptions = {}): ClientAuthentication {
  requireSource('clientAssertion', source)
  const { type = 'jwt-bearer' } = options
  if (type !== 'jwt-bearer' && type !== 'jwt-spiffe') {
    throw new NightlatchError('invalid_options', "clientAssertion: type must be 'jwt-bearer' or 'jwt-spiffe'")
  }
  return {
    name: `client_assertion ${type} ${source.name}`,
    source,
    authenticate({ parameters, assertion = '' }, { clientId }) {
      if (clientId !== '') parameters.set('client_id', clientId)
      parameters.set('client_assertion_type', `urn:ietf:params:oauth:client-assertion-type:${type}`)
      parameters.set('client_assertion', assertion)
    },
  }
}

/** What kind of JWT a client assertion is, by its name in the IANA registry. */
export interface ClientAssertionOptions {
  /** `'jwt-spiffe'`: a JWT-SVID, for servers that distinguish it from other JWTs. Default `'jwt-bearer'`. */
  readonly type?: 'jwt-bearer' | 'jwt-spiffe'
}

/**
 * Sends a JWT that another party signed as the grant itself, instead of client credentials, for servers that support this grant.
 * `client_id` is sent if the credentials have one.
 *
 * @param source returns the JWT; called for each HTTP attempt, and once more if the server rejects it
 * @throws NightlatchError `invalid_options` for wrong arguments, and when a grant is made with a JWT that has expired
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises'
 * import { createClient, jwtBearerGrant } from '@nightlatch/core'
 *
 * const clientAuthentication = jwtBearerGrant(() => readFile('/var/run/secrets/tokens/acme', 'utf8'))
 * const client = createClient({ name: 'acme', issuer: 'https://login.acme.example', clientAuthentication }, { credentials: {} })
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-2.1 RFC 7523 section 2.1}
 */
export function jwtBearerGrant(source: AssertionSource): ClientAuthentication {
  requireSource('jwtBearerGrant', source)
  return {
    name: `jwt_bearer_grant ${source.name}`,
    source,
    authenticate({ parameters, assertion = '' }, { clientId }) {
      parameters.set('grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer')
      parameters.set('assertion', assertion)
      if (clientId !== '') parameters.set('client_id', clientId)
    },
  }
}

function requireSource(name: string, source: unknown): void {
  if (typeof source === 'function') return
  throw new NightlatchError(
    'invalid_options',
    `${name}: the source must be a function that returns a JWT, such as \`() => readFile(path, 'utf8')\``,
  )
}
