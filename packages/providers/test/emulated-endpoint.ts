import type { StandardEmulationOptions } from '@nightlatch/testing'
import {
  basic,
  clientId,
  clientSecret,
  type DocumentedEndpoint,
  type DocumentedRequest,
} from './documented-endpoint.ts'

/** The emulation of a vendor's token endpoint and API: what its pages say, and nothing of the provider. */
export function emulationOf(endpoint: DocumentedEndpoint): StandardEmulationOptions {
  const { authentication, answer, token, refusal, api, request, emulation } = endpoint
  const { lifetime, value } = token
  const [tokenHeader, tokenValue = ''] =
    Object.entries(api?.headers ?? {}).find(([, header]) => header.includes(value)) ?? []
  const prefix = tokenValue.slice(0, tokenValue.indexOf(value))
  return {
    ...(authentication.includes(', raw') && { basicEncoding: 'raw' as const }),
    ...(lifetime === undefined && { lifetime: null }),
    writeGrant: ({ accessToken, expiresIn, scopes }) =>
      replaceValues(answer.body, (leaf, name) => {
        if (leaf === value) return accessToken
        if (leaf === lifetime) return expiresIn
        if (leaf === String(lifetime)) return String(expiresIn)
        return name === 'scope' && scopes.length > 0 ? scopes.join(' ') : leaf
      }),
    ...(refusal !== undefined && {
      writeRefusal: ({ status, error, errorDescription }) => ({
        status: refusal.status === undefined ? 200 : status,
        body: replaceValues(refusal.body, (leaf) => {
          // A vendor's numbers remain: no number stands for an error code of the standard.
          if (leaf === refusal.error) return error
          return leaf === refusal.errorDescription ? errorDescription : leaf
        }),
      }),
    }),
    ...(tokenHeader !== undefined &&
      tokenHeader !== 'authorization' && {
        readToken: ({ headers }) => {
          const sent = headers.get(tokenHeader)
          return sent?.startsWith(prefix) === true ? sent.slice(prefix.length) : undefined
        },
      }),
    ...emulation,
    tokenRequest: { ...requirementsOf(request), ...emulation?.tokenRequest },
  }
}

/** What the documented request requires of any request. */
function requirementsOf({ method, url, headers, body }: DocumentedRequest): StandardEmulationOptions['tokenRequest'] {
  const sent = typeof body === 'object' ? Object.entries(body) : [...new URLSearchParams(body ?? new URL(url).search)]
  const nameOf = (value: string): string | undefined => sent.find(([, one]) => one === value)?.[0]
  const [clientIdParameter, clientSecretParameter] = [nameOf(clientId), nameOf(clientSecret)]
  const ownNames = ['grant_type', 'scope', clientIdParameter, clientSecretParameter]
  const required = Object.entries(headers).filter(([name, value]) => value !== basic && name !== 'content-type')
  return {
    ...(method === 'GET' && { method }),
    ...(typeof body === 'object' && { bodyFormat: 'json' as const }),
    grantType: sent.find(([name]) => name === 'grant_type')?.[1] ?? null,
    ...(clientIdParameter !== undefined && { clientIdParameter }),
    ...(clientSecretParameter !== undefined && { clientSecretParameter }),
    parameters: Object.fromEntries(sent.filter(([name]) => !ownNames.includes(name))),
    headers: Object.fromEntries(required),
  }
}

/** A copy of a JSON value with other leaves. */
function replaceValues(json: unknown, replace: (leaf: unknown, name: string) => unknown, name = ''): unknown {
  if (Array.isArray(json)) return json.map((item) => replaceValues(item, replace, name))
  if (typeof json !== 'object' || json === null) return replace(json, name)
  return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, replaceValues(item, replace, key)]))
}
