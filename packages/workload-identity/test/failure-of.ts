import { NightlatchError } from '@nightlatch/core'

/** The NightlatchError that an attempt fails with. */
export async function failureOf(attempt: unknown): Promise<NightlatchError> {
  const failure: unknown = await Promise.resolve(attempt).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure instanceof NightlatchError) return failure
  throw new Error('The attempt did not fail with a NightlatchError.', { cause: failure })
}

/** The NightlatchError that a call throws at once. */
export function thrownBy(call: () => unknown): NightlatchError {
  try {
    call()
  } catch (failure) {
    if (failure instanceof NightlatchError) return failure
    throw new Error('The call did not throw a NightlatchError.', { cause: failure })
  }
  throw new Error('The call did not throw.')
}
