import { NightlatchError } from '@nightlatch/core'

/** The NightlatchError that an attempt fails with. */
export async function failureOf(attempt: () => unknown): Promise<NightlatchError> {
  try {
    await attempt()
  } catch (failure) {
    if (failure instanceof NightlatchError) return failure
    throw new Error('The attempt did not fail with a NightlatchError.', { cause: failure })
  }
  throw new Error('The attempt did not fail.')
}
