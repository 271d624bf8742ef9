import { inspect, isDeepStrictEqual } from 'node:util'
import { NightlatchError } from '@nightlatch/core'

/** One thing that a provider, or a token store, must do. */
export interface Check {
  /** What it is about. */
  readonly group: string
  /** A sentence about what it does. */
  readonly name: string
  /** Rejects where it does not, in words without secrets. */
  run(): Promise<void>
}

/** Fails a check. */
export function expectThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}

/** Fails a check where two values differ. */
export function expectEqual(actual: unknown, wanted: unknown, what: string): void {
  expectThat(isDeepStrictEqual(actual, wanted), `${what} should be ${inspect(wanted)}, and is ${inspect(actual)}`)
}

/** The error that a piece of work fails with, which must be one of Nightlatch's. */
export async function failureOf(work: Promise<unknown>, what: string): Promise<NightlatchError> {
  try {
    await work
  } catch (failure) {
    if (failure instanceof NightlatchError) return failure
    throw new Error(
      `${what} should fail with a NightlatchError, and fails with ${failure instanceof Error ? `a ${failure.name}: ${failure.message}` : 'what is no Error'}`,
    )
  }
  throw new Error(`${what} should fail, and does not`)
}
