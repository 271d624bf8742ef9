import { LatchkeyError } from '../../src/errors.ts'

/** What an attempt fails with; it is an error of the test if it does not fail, or with anything but a LatchkeyError. */
export async function failureOf(attempt: Promise<unknown>): Promise<LatchkeyError> {
  const failure: unknown = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(failure instanceof LatchkeyError)) throw new Error('It did not fail with a LatchkeyError.', { cause: failure })
  return failure
}
