import { createClient, NightlatchError, type Provider } from '@nightlatch/core'
import { hasClientSecret, readClientSecret } from '../client-secret.ts'
import { type ConnectionFlags, timeoutOf } from '../connect.ts'
import { CommandError } from '../failure.ts'
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
import { type Step, steps, takeStep } from './steps.ts'
import { withinTime } from './within-time.ts'

const knowledge: Readonly<Record<string, ProviderKnowledge>> = {
  prevu3d: prevu3dKnowledge,
  'smart-completions': smartCompletionsKnowledge,
  'smart-api': smartApiKnowledge,
}

/** How an examination is made. */
export interface ExaminationOrder {
  readonly known: Target
  readonly flags: ConnectionFlags
  readonly mayProbe: boolean
  readonly isForPeople: boolean
  readonly io: Io
  readonly output: Output
  /** Told of each step before it is taken, and after. */
  readonly onStep: (step: Step) => (taken: TakenStep) => void
}

/** Takes every step there is. */
export async function examine(order: ExaminationOrder): Promise<{
  readonly taken: readonly TakenStep[]
  readonly tokenRequests: number
}> {
  const { examination, grants } = await prepare(order)
  const taken: TakenStep[] = []
  try {
    for (const step of steps) {
      const tell = order.onStep(step)
      const finding = await takeStep(step, examination)
      taken.push({ step, finding })
      tell({ step, finding })
    }
  } finally {
    await Promise.all(grants.map(({ client }) => client.close()))
  }
  return { taken, tokenRequests: grants.reduce((sum, grant) => sum + grant.tokenRequests(), 0) }
}

async function prepare({ known, flags, mayProbe, isForPeople, io, output }: ExaminationOrder): Promise<{
  readonly examination: Examination
  readonly grants: readonly Grant[]
}> {
  const { configured } = known
  const timeout = timeoutOf(known, flags)
  const { settings, secret } =
    configured === undefined
      ? { settings: findSettings(known, flags, io.env), secret: await findSecret(known, flags, io) }
      : await readConfigured(known.name, configured, timeout)
  hideSpellings(settings.settings.clientId ?? '', secret.value ?? '', output)
  const { provider, mistake } = describeProvider(known, settings, secret, timeout)
  const about = knowledge[known.configured?.provider.name ?? known.name] ?? plainKnowledge
  const tokenAddress = configured === undefined ? about.tokenAddress(settings.settings) : addressOf(configured)
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
      const { clientId } = settings.settings
      if (provider === undefined || clientId === undefined || secret.value === undefined) return undefined
      asked ??= examination.ask(provider)
      return asked
    },
    async ask(asking) {
      const { clientId = '' } = settings.settings
      const credentials = { clientId, clientSecret: secret.value ?? '' }
      const { store: _, ...options } = { ...configured?.options, credentials }
      const grant = await askForGrant(asking, { credentials, timeout, output, options })
      grants.push(grant)
      return grant
    },
    evidence: {},
  }
  return { examination, grants }
}

/**
 * What a configured client has for settings: its credentials, read once.
 *
 * @throws CommandError `wrong_usage` where it has no client secret, which is what a doctor looks at
 */
async function readConfigured(
  name: string,
  { file, options }: ConfiguredClient,
  timeout: number,
): Promise<{ readonly settings: FoundSettings; readonly secret: FoundSecret }> {
  const none = { missing: [], mistakes: [] }
  const found = (mistake: string): { readonly settings: FoundSettings; readonly secret: FoundSecret } => ({
    settings: { settings: {}, sources: new Map(), ...none },
    secret: { value: undefined, source: file, mistake },
  })
  const { credentials: source } = options
  let read: { readonly credentials: unknown } | undefined
  try {
    const reading = async (): Promise<typeof read> => ({
      credentials: typeof source === 'function' ? await source() : source,
    })
    read = await withinTime(reading(), timeout)
  } catch (failure) {
    const why = failure instanceof Error ? failure.name : 'something that is no Error'
    return found(`the credentials function of ${name} failed with ${why}`)
  }
  if (read === undefined) return found(`the credentials function of ${name} did not answer within ${timeout} s`)
  const place = `clients.${name}.credentials${typeof source === 'function' ? '()' : ''}`
  const { credentials } = read
  if (typeof credentials !== 'object' || credentials === null) {
    return found(`${place} must be an object with clientId and clientSecret`)
  }
  if (!('clientSecret' in credentials)) {
    throw new CommandError('wrong_usage', `${name} has no client secret, which is what doctor looks at`, {
      hints: [`nightlatch token ${name} asks for a token with what it has.`],
    })
  }
  const { clientId, clientSecret } = credentials as Readonly<Record<string, unknown>>
  return {
    settings: isText(clientId)
      ? { settings: { clientId }, sources: new Map([['clientId', file]]), ...none }
      : { settings: {}, sources: new Map(), mistakes: [], missing: [`${place}.clientId, in ${file} (${isItSet})`] },
    secret: isText(clientSecret)
      ? { value: clientSecret, source: file, mistake: undefined }
      : { value: undefined, source: file, mistake: `missing: ${place}.clientSecret, in ${file} (${isItSet})` },
  }
}

const isItSet = 'if it comes from an environment variable, is that set?'

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
    return value === '' ? { ...nothing, mistake: `${source} holds nothing` } : { value, source, mistake: undefined }
  } catch (failure) {
    if (!(failure instanceof CommandError)) throw failure
    return { ...nothing, mistake: failure.message }
  }
}

/** The provider, and what its package or the core have against the settings. */
function describeProvider(
  known: Target,
  { settings, missing, mistakes }: FoundSettings,
  { value }: FoundSecret,
  timeout: number,
): { readonly provider: Provider<unknown> | undefined; readonly mistake: string | undefined } {
  if (mistakes.length > 0 || missing.length > 0) return { provider: undefined, mistake: undefined }
  try {
    const provider = known.describe(settings)
    const { clientId = '' } = settings
    // Made for what it has to say; nothing is asked by it.
    if (value !== undefined) {
      const credentials = { clientId, clientSecret: value }
      createClient(provider, { ...known.configured?.options, credentials, timeout })
    }
    return { provider, mistake: undefined }
  } catch (failure) {
    if (!(failure instanceof NightlatchError)) throw failure
    return { provider: undefined, mistake: failure.message }
  }
}

/** Whatever repeats the secret, in whatever spelling it was sent: it does not leave. */
function hideSpellings(clientId: string, clientSecret: string, output: Output): void {
  if (clientSecret === '') return
  const form = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
  const pairs = [`${clientId}:${clientSecret}`, `${form(clientId)}:${form(clientSecret)}`, clientSecret]
  // As a step shows a text, with its blanks collapsed.
  for (const text of [...pairs, showText(clientSecret)]) output.hide(text)
}
