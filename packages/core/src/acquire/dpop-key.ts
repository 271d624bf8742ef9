import { findKeyMistake, type PrivateKey } from './private-key.ts'

/** The key pair that DPoP tokens are bound to: a `CryptoKeyPair`, declared without DOM types. */
export interface DpopKeyPair {
  readonly privateKey: PrivateKey
  readonly publicKey: PrivateKey
}

/** Finds why a value cannot be a DPoP key pair, as text for a message; `undefined` if it can. */
export function findDpopKeyMistake(value: unknown): string | undefined {
  const { privateKey, publicKey } = (value ?? {}) as Partial<DpopKeyPair>
  if (privateKey?.usages?.includes('sign') !== true || publicKey?.extractable !== true) {
    return 'must be a CryptoKeyPair that signs, with an extractable public key'
  }
  const mistake = findKeyMistake(privateKey)
  return mistake === undefined ? undefined : `has a privateKey that ${mistake}`
}
