import type { ClientAuthentication } from './token-request-draft.ts'

/** The name of `tlsClientAuth()`. */
export const mutualTlsName = 'tls_client_auth'

/** Whether the client authenticates by a TLS certificate. */
export function usesMutualTls(clientAuthentication: ClientAuthentication | undefined): boolean {
  return clientAuthentication?.name === mutualTlsName
}

/** The credential that a client authentication requires besides the client id. `undefined` stands for the default one. */
export function requiredCredential(
  clientAuthentication: ClientAuthentication | undefined,
): 'clientSecret' | 'privateKey' | undefined {
  const { requires } = clientAuthentication ?? { requires: 'clientSecret' }
  // Another value is reported as a mistake in the provider.
  return requires === 'clientSecret' || requires === 'privateKey' ? requires : undefined
}

/** The client authentication's part of the cache key, with a separate name if the issuer's metadata will choose it. */
export function methodName(clientAuthentication: ClientAuthentication | undefined, choosesLater = false): string {
  return clientAuthentication?.name ?? (choosesLater ? 'from metadata' : 'client_secret_basic form')
}
