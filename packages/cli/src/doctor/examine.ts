import { type Credentials, createClient, NightlatchError, type Provider } from '@nightlatch/core'
import { hasClientSecret, readClientSecret } from '../client-secret.ts'
import { CommandError } from '../command-error.ts'
import { type ConnectionFlags, timeoutOf } from '../connect.ts'
import type { Io } from '../io.ts'
import type { Output } from '../output/output.ts'
import { type FoundSettings, findSettings } from '../settings.ts'
import { addressOf, type ConfiguredClient, type Target } from '../target.ts'
import type { Examination, FoundSecret } from './examination.ts'
import { askForGrant, type Grant } from './grant.ts'
import { prevu3dKnowledge } from './prevu3d.ts'
import { type ProviderKnowledge, plainKnowledge } from './provider-knowledge.ts'
import type { TakenStep } from './report.ts'
import { isHttp, showText } from './shown-text.ts'
import { smartApiKnowledge, smartCompletionsKnowledge } from './smart-api.ts'
import { steps, takeStep } from './steps.ts'
import { withinTime } from './within-time.ts'

const knowledge: Readonly<Record<string, ProviderKnowledge>> = {
  prevu3d: prevu3dKnowledge,
  'smart-completions': smartCompletionsKnowledge,
  'smart-api': smartApiKnowledge,
}

/** Options of {@link examine}. */
export interface ExaminationOptions {
  readonly known: Target
  readonly flags: ConnectionFlags
  readonly mayProbe: boolean
  readonly isForPeople: boolean
  readonly io: Io
  readonly output: Output
  /** Called after each step. */
  readonly onStep: (taken: TakenStep) => void
}

/** Runs all steps. */
export async function examine(options: ExaminationOptions): Promise<{
  readonly taken: readonly TakenStep[]
  readonly tokenRequests: number
}> {
  const { examination, grants } = await prepare(options)
  const taken: TakenStep[] = []
  try {
    for (const step of steps) {
      const finding = await takeStep(step, examination)
      taken.push({ step, finding })
      options.onStep({ step, finding })
    }
  } finally {
    await Promise.all(grants.map(({ client }) => client.close()))
  }
  return { taken, tokenRequests: grants.reduce((sum, grant) => sum + grant.tokenRequests(), 0) }
}

async function prepare({ known, flags, mayProbe, isForPeople, io, output }: ExaminationOptions): Promise<{
  readonly examination: Examination
  readonly grants: readonly Grant[]
}> {
  const { configured } = known
  const timeout = timeoutOf(known, flags)
  const {
    settings,
    secret,
    credentials: own,
  } = configured === undefined
    ? {
        settings: findSettings(known, flags, io.env),
        secret: await findSecret(known, flags, io),
        credentials: undefined,
      }
    : await readConfigured(known.name, configured, timeout)
  hideSpellings(settings.settings.clientId ?? '', secret.value ?? '', output)
  const { clientId } = settings.settings
  const credentials =
    own ?? (clientId === undefined || secret.value === undefined ? undefined : { clientId, clientSecret: secret.value })
  const { provider, mistake } = describeProvider(known, settings, credentials, timeout)
  const about = knowledge[known.configured?.provider.name ?? known.name] ?? plainKnowledge
  const tokenAddress =
    configured === undefined
      ? (about.tokenAddress(settings.settings) ?? provider?.tokenEndpoint?.toString())
      : addressOf(configured)
  const address = URL.parse(tokenAddress ?? '')
  const grants: Grant[] = []
  let asked: Promise<Grant> | undefined
  const examination: Examination = {
    known,
    knowledge: about,
    env: io.env,
    timeout,
    mayProbe,
    output,
    isForPeople,
    settings,
    secret,
    provider,
    mistake,
    address: address !== null && isHttp(address) ? address : undefined,
    async grant() {
      if (provider === undefined || credentials === undefined) return undefined
      asked ??= examination.ask(provider)
      return asked
    },
    async ask(asking) {
      if (credentials === undefined) throw new TypeError('there are no credentials')
      const { store: _, ...options } = { ...configured?.options, credentials }
      const grant = await examination.waitFor('a token', askForGrant(asking, { credentials, timeout, output, options }))
      grants.push(grant)
      return grant
    },
    async waitFor(what, work) {
      const done = output.noteWaiting(`Waiting for ${what}`)
      return await work.finally(done)
    },
    evidence: {},
  }
  return { examination, grants }
}

/** Credentials of a configured client, and how the report shows them. */
interface FoundCredentials {
  readonly settings: FoundSettings
  readonly secret: FoundSecret
  readonly credentials: Credentials | undefined
}

/**
 * Reads the credentials of a configured client, once.
 *
 * @throws CommandError `wrong_usage` if the core rejects credentials without a client secret
 */
async function readConfigured(
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
  const isComplete = isText(clientId) && (isWithoutSecret || isText(clientSecret))
  return {
    credentials: isComplete ? (credentials as Credentials) : undefined,
    settings: isText(clientId)
      ? { settings: { clientId }, sources: new Map([['clientId', file]]), ...none }
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

async function findSecret(known: Target, flags: ConnectionFlags, io: Io): Promise<FoundSecret> {
  const { name: provider, secretVariable: variable } = known
  const file = typeof flags.clientSecretFile === 'string' ? flags.clientSecretFile : undefined
  const sources = { file, variable, provider }
  const nothing: FoundSecret = { value: undefined, source: undefined, mistake: undefined }
  if (!hasClientSecret(sources, io)) return nothing
  const source = file !== undefined ? '--client-secret-file' : io.env[variable] ? variable : 'typed'
  try {
    const value = await readClientSecret(sources, io)
    return value === '' ? { ...nothing, mistake: `${source} is empty` } : { value, source, mistake: undefined }
  } catch (failure) {
    if (!(failure instanceof CommandError)) throw failure
    return { ...nothing, mistake: failure.message }
  }
}

/** Creates the provider, or returns why its package or the core rejects the settings. */
function describeProvider(
  known: Target,
  { settings, missing, mistakes }: FoundSettings,
  credentials: Credentials | undefined,
  timeout: number,
): { readonly provider: Provider | undefined; readonly mistake: string | undefined } {
  if (mistakes.length > 0 || missing.length > 0) return { provider: undefined, mistake: undefined }
  try {
    const provider = known.describe(settings)
    // Creating a client checks the options and sends no request.
    if (credentials !== undefined) {
      createClient(provider, { ...known.configured?.options, credentials, timeout })
    }
    return { provider, mistake: undefined }
  } catch (failure) {
    if (!(failure instanceof NightlatchError)) throw failure
    return { provider: undefined, mistake: failure.message }
  }
}

/** Redacts the secret in all encodings in which the probe may send it, because a server may repeat them. */
function hideSpellings(clientId: string, clientSecret: string, output: Output): void {
  if (clientSecret === '') return
  const form = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
  const pairs = [`${clientId}:${clientSecret}`, `${form(clientId)}:${form(clientSecret)}`, clientSecret]
  // showText replaces control characters, so its result is redacted, too.
  for (const text of [...pairs, showText(clientSecret)]) output.hide(text)
}
