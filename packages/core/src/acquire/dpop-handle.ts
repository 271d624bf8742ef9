import { Configuration, type DPoPHandle, getDPoPHandle, modifyAssertion } from 'openid-client'
import type { DpopKeyPair } from './dpop-key.ts'

/**
 * Creates openid-client's handle, which signs the proofs of token requests. It has a file of its own, so that clients without
 * DPoP do not load openid-client for it.
 *
 * @param claimsFor other claims of a proof for a URL
 */
export function createHandle(key: DpopKeyPair, claimsFor: (url: URL) => object): DPoPHandle {
  const configuration = new Configuration({ issuer: 'https://unused.invalid' }, 'unused')
  return getDPoPHandle(configuration, key, {
    [modifyAssertion]: (_header, payload) => {
      Object.assign(payload, claimsFor(new URL(String(payload.htu))))
    },
  })
}
