import {
  type ClientAuthentication,
  type Credentials,
  createClient,
  NightlatchError,
  type Provider,
} from '@nightlatch/core'
import { readAssertion } from '../assertion-flags.ts'
import { hasClientSecret, readClientSecret, secretSourcesOf } from '../client-secret.ts'
import { CommandError } from '../command-error.ts'
import { type ConnectionFlags, hideAssertionsOf, hideSecretSettings, timeoutOf, withoutClientId } from '../connect.ts'
import type { Io } from '../io.ts'
import type { Output } from '../output/output.ts'
import { type FoundSettings, findSettings } from '../settings.ts'
import { addressOf, type Target } from '../target.ts'
import { type FoundCredentials, readConfiguredCredentials } from './configured-credentials.ts'
import type { Examination, FoundSecret } from './examination.ts'
import { askForGrant, type Grant } from './grant.ts'
import { prevu3dKnowledge } from './prevu3d.ts'
import { type ProviderKnowledge, plainKnowledge } from './provider-knowledge.ts'
import type { TakenStep } from './report.ts'
import { isHttp, showText } from './shown-text.ts'
import { smartApiKnowledge, smartCompletionsKnowledge } from './smart-api.ts'
import { steps, takeStep } from './steps.ts'

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
      if (step.appliesTo?.(examination) === false) continue
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
    clientAuthentication,
  } = configured === undefined
    ? await readFlags(known, flags, io, output)
    : { ...(await readConfiguredCredentials(known.name, configured, timeout)), clientAuthentication: undefined }
  hideSpellings(settings.settings.clientId ?? '', secret.value ?? '', output)
  hideSecretSettings(known, settings.settings, output)
  const { clientId } = settings.settings
  const credentials =
    own ?? (clientId === undefined || secret.value === undefined ? undefined : { clientId, clientSecret: secret.value })
  const { provider, mistake } = await describeProvider(known, settings, {
    credentials,
    timeout,
    clientAuthentication,
    output,
  })
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

/** Settings and credentials of a built-in provider. */
async function readFlags(
  known: Target,
  flags: ConnectionFlags,
  io: Io,
  output: Output,
): Promise<FoundCredentials & { readonly clientAuthentication: ClientAuthentication | undefined }> {
  const clientAuthentication = await readAssertion(flags, { io, output })
  if (clientAuthentication === undefined) {
    const settings = findSettings(known, flags, io.env)
    return { settings, secret: await findSecret(known, flags, io), credentials: undefined, clientAuthentication }
  }
  const settings = findSettings(withoutClientId(known), flags, io.env)
  const { clientId } = settings.settings
  const secret: FoundSecret = { value: undefined, source: undefined, mistake: undefined, isNotUsed: true }
  return { settings, secret, credentials: clientId === undefined ? {} : { clientId }, clientAuthentication }
}

async function findSecret(known: Target, flags: ConnectionFlags, io: Io): Promise<FoundSecret> {
  const sources = secretSourcesOf(known, flags)
  const { file, variable } = sources
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
async function describeProvider(
  known: Target,
  { settings, missing, mistakes }: FoundSettings,
  terms: {
    readonly credentials: Credentials | undefined
    readonly timeout: number
    /** In place of the provider's own. */
    readonly clientAuthentication: ClientAuthentication | undefined
    readonly output: Output
  },
): Promise<{ readonly provider: Provider | undefined; readonly mistake: string | undefined }> {
  if (mistakes.length > 0 || missing.length > 0) return { provider: undefined, mistake: undefined }
  const { credentials, timeout, clientAuthentication, output } = terms
  try {
    const described = await known.describe(settings)
    const provider = hideAssertionsOf(
      clientAuthentication === undefined ? described : { ...described, clientAuthentication },
      output,
    )
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
