import { type JudgedToken, judgeTokenAnswer, type TokenContext } from '../../src/acquire/judge-response.ts'
import { readStandardTokenResponse, type TokenAnswer, type TokenFields } from '../../src/acquire/token-response.ts'
import { NightlatchError } from '../../src/errors.ts'

export const secret = 'MARKED-secret-4f1e'
export const token = 'MARKED-token-77aa'
export const context: TokenContext = {
  provider: 'acme',
  endpoint: 'https://login.acme.test/token',
  scopeSeparator: ' ',
  answeredAt: Date.parse('2026-11-20T10:00:00Z'),
  secrets: () => [secret],
}

export function answer(body: unknown, status = 200, headers: Record<string, string> = {}): TokenAnswer {
  return { status, headers: new Headers(headers), body }
}

export type Read = (answer: TokenAnswer) => TokenFields

export function judge(given: TokenAnswer, read: Read = readStandardTokenResponse): JudgedToken {
  return judgeTokenAnswer(given, read, context)
}

export function failureOf(given: TokenAnswer, read: Read = readStandardTokenResponse): NightlatchError {
  try {
    judge(given, read)
  } catch (error) {
    if (error instanceof NightlatchError) return error
    throw error
  }
  throw new Error('The answer was accepted.')
}

/** A reader of JavaScript, where nobody checks what it returns. */
export function returning(junk: unknown): Read {
  return () => junk as TokenFields
}
