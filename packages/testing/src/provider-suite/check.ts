import { inspect, isDeepStrictEqual } from 'node:util'
import { NightlatchError } from '@nightlatch/core'

/** One requirement of a provider or a token store. */
export interface Check {
  /** The `describe` block of the check. */
  readonly group: string
  /** What the provider or store must do. */
  readonly name: string
  /** Rejects with a message without secrets if the requirement is not met. */
  run(): Promise<void>
}

/** Fails a check unless a condition holds. */
export function expectThat(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message)
}

/** Fails a check if two values differ. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  expectThat(isDeepStrictEqual(actual, expected), `${what} should be ${inspect(expected)}, but is ${inspect(actual)}`)
}

/** Returns the error that a promise rejects with, which must be a NightlatchError. */
export async function failureOf(work: Promise<unknown>, what: string): Promise<NightlatchError> {
  try {
    await work
  } catch (failure) {
    if (failure instanceof NightlatchError) return failure
    throw new Error(
      `${what} should fail with a NightlatchError, but fails with ${failure instanceof Error ? `a ${failure.name}: ${failure.message}` : 'a value that is not an Error'}`,
    )
  }
  throw new Error(`${what} should fail, but succeeds`)
}
