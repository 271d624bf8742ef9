/** A key as a user makes one, that cannot be exported. */
export async function makeKey(usages: readonly KeyUsage[] = ['encrypt', 'decrypt'], length = 256): Promise<CryptoKey> {
  return await crypto.subtle.generateKey({ name: 'AES-GCM', length }, false, [...usages])
}
