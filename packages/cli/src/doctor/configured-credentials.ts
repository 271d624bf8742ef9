import { type Credentials, createClient, NightlatchError } from '@nightlatch/core'
import { CommandError } from '../command-error.ts'
import type { FoundSettings } from '../settings.ts'
import type { ConfiguredClient } from '../target.ts'
import type { FoundSecret } from './examination.ts'
import { withinTime } from './within-time.ts'

/** Credentials of a configured client, and how the report shows them. */
export interface FoundCredentials {
  readonly settings: FoundSettings
  readonly secret: FoundSecret
  readonly credentials: Credentials | undefined
}

/**
 * Reads the credentials of a configured client, once.
 *
 * @throws CommandError `wrong_usage` if the core rejects credentials without a client secret
 */
export async function readConfiguredCredentials(
  name: string,
  { file, provider, options }: ConfiguredClient,
  timeout: number,
): Promise<FoundCredentials> {
  const none = { missing: [], mistakes: [] }
  const found = (mistake: string): FoundCredentials => ({
    settings: { settings: {}, sources: new Map(), ...none },
    secret: { value: undefined, source: file, mistake },
    credentials: undefined,
  })
  const { credentials: source } = options
  let read: { readonly credentials: unknown } | undefined
  try {
    const reading = async (): Promise<typeof read> => ({
      credentials: typeof source === 'function' ? await source() : source,
    })
    read = await withinTime(reading(), timeout)
  } catch (failure) {
    const why = failure instanceof Error ? failure.name : 'a value that is not an Error'
    return found(`the credentials function of ${name} failed with ${why}`)
  }
  if (read === undefined) return found(`the credentials function of ${name} did not return within ${timeout} s`)
  const place = `clients.${name}.credentials${typeof source === 'function' ? '()' : ''}`
  const { credentials } = read
  if (typeof credentials !== 'object' || credentials === null) {
    return found(`${place} must be an object with clientId and clientSecret`)
  }
  const { clientId, clientSecret } = credentials as Readonly<Record<string, unknown>>
  // The core checks credentials of other kinds, such as a key or a certificate.
  const isWithoutSecret = !('clientSecret' in credentials)
  if (isWithoutSecret) checkWithoutSecret(name, { file, provider, options }, credentials as Credentials)
  // With a JWT of the platform, the client id is optional.
  const isIdOptional = isWithoutSecret && clientId === undefined && provider.clientAuthentication?.source !== undefined
  const isComplete = (isText(clientId) || isIdOptional) && (isWithoutSecret || isText(clientSecret))
  return {
    credentials: isComplete ? (credentials as Credentials) : undefined,
    settings: isText(clientId)
      ? { settings: { clientId }, sources: new Map([['clientId', file]]), ...none }
      : isIdOptional
        ? { settings: {}, sources: new Map(), ...none }
        : { settings: {}, sources: new Map(), mistakes: [], missing: [`${place}.clientId, in ${file} (${isItSet})`] },
    secret: isWithoutSecret
      ? { value: undefined, source: undefined, mistake: undefined, isNotUsed: true }
      : isText(clientSecret)
        ? { value: clientSecret, source: file, mistake: undefined }
        : { value: undefined, source: file, mistake: `missing: ${place}.clientSecret, in ${file} (${isItSet})` },
  }
}

/** @throws CommandError `wrong_usage` if the core rejects credentials without a client secret */
function checkWithoutSecret(name: string, { provider, options }: ConfiguredClient, credentials: Credentials): void {
  try {
    createClient(provider, { ...options, credentials })
  } catch (failure) {
    if (!(failure instanceof NightlatchError)) throw failure
    throw new CommandError('wrong_usage', `${name} has no client secret`, { hints: [failure.message] })
  }
}

const isItSet = 'if it comes from an environment variable, is the variable set?'

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
