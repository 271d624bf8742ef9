import { NightlatchError } from '../errors.ts'

/**
 * Refuses a runtime that is too old, in place of a TypeError somewhere in the middle of a call.
 *
 * @throws NightlatchError `invalid_options`
 */
export function checkRuntime(): void {
  if (typeof Promise.withResolvers === 'function') return
  throw new NightlatchError(
    'invalid_options',
    `Nightlatch needs Node ${minNode} or newer: this runtime lacks Promise.withResolvers`,
  )
}

/** The oldest Node with everything this library uses; the same as `engines` in package.json. */
export const minNode = '22.19'
