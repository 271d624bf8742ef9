import { NightlatchError } from '@nightlatch/core'

/**
 * Rejects misspelt options, which would otherwise have no effect.
 *
 * @param source the function's name
 * @throws NightlatchError `invalid_options`
 */
export function rejectUnknownOptions(source: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw invalid(`${source}: unknown option \`${unknown}\`. Its options are ${known.join(', ')}.`)
}

/**
 * Rejects a value that is no text.
 *
 * @param name the function and the option
 * @throws NightlatchError `invalid_options`
 */
export function requireText(name: string, value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw invalid(`${name} must be a string that is not empty`)
}

/**
 * Reads a URL.
 *
 * @param name the option or the variable
 * @throws NightlatchError `invalid_options`
 */
export function requireUrl(name: string, value: string | URL): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  throw invalid(`${name} must be an absolute http or https URL`)
}

/**
 * Reads a URL to which a credential of the platform is sent: https, or an address on this machine.
 *
 * @param name the option or the variable
 * @throws NightlatchError `invalid_options`
 */
export function requireSecureUrl(name: string, value: string | URL): URL {
  const url = requireUrl(name, value)
  if (url.protocol === 'https:' || localHost.test(url.hostname)) return url
  throw invalid(`${name} must be an https URL or a local one: a credential is sent there`)
}

/** Loopback and link-local addresses: a platform's own services have one of these. */
const localHost = /^(localhost|\[::1\]|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|169\.254\.\d{1,3}\.\d{1,3})$/

function invalid(message: string): NightlatchError {
  return new NightlatchError('invalid_options', message)
}
