import { parseObject } from './shown-text.ts'

/** Header and payload of a signed JWT, which are not verified. */
export interface DecodedJwt {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
  /** Such as `RS256`; `'unknown'` for an unusual text. */
  readonly algorithm: string
}

/** `undefined` if the text is not a signed JWT in compact form. */
export function decodeJwt(text: string): DecodedJwt | undefined {
  const parts = text.split('.')
  const [header, payload] = parts.slice(0, 2).map((part) => parseObject(decode(part)))
  if (parts.length !== 3 || header === undefined || payload === undefined) return undefined
  const { alg } = header
  return { header, payload, algorithm: typeof alg === 'string' && /^[A-Za-z0-9-]{1,20}$/.test(alg) ? alg : 'unknown' }
}

function decode(part: string): string | undefined {
  return /^[\w-]+$/.test(part) ? Buffer.from(part, 'base64url').toString('utf8') : undefined
}
