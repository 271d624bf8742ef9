import { NightlatchError } from '../../src/errors.ts'

/** What an attempt fails with; it is an error of the test if it does not fail, or with anything but a NightlatchError. */
export async function failureOf(attempt: Promise<unknown>): Promise<NightlatchError> {
  const failure: unknown = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(failure instanceof NightlatchError))
    throw new Error('It did not fail with a NightlatchError.', { cause: failure })
  return failure
}
