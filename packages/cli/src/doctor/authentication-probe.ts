import { setTimeout as pause } from 'node:timers/promises'
import {
  type ClientAuthentication,
  type Credentials,
  clientSecretBasic,
  clientSecretPost,
  type Provider,
  type TokenRequestDraft,
} from '@nightlatch/core'
import type { Examination } from './examination.ts'
import { draftFinding, type Finding, skipped } from './finding.ts'
import { mayBeProbed, readServerWords } from './token-request.ts'

/** Seconds between two attempts. */
const attemptDelay = 1

interface Way {
  /** Its value for `--client-authentication`. */
  readonly name: string
  /** The expression in code. */
  readonly code: string
  readonly clientAuthentication: ClientAuthentication
}

const ways: readonly Way[] = [
  {
    name: 'basic-raw',
    code: "clientSecretBasic({ encoding: 'raw' })",
    clientAuthentication: clientSecretBasic({ encoding: 'raw' }),
  },
  { name: 'basic-form', code: 'clientSecretBasic()', clientAuthentication: clientSecretBasic() },
  { name: 'post', code: 'clientSecretPost()', clientAuthentication: clientSecretPost() },
]

/** Step `authentication-probe`, only with its flag (rule G10): tries client authentications until the server accepts one. */
export async function examineAuthentication(examination: Examination): Promise<Finding> {
  const { known, provider, settings, secret, output } = examination
  const grant = await examination.grant()
  const { clientId } = settings.settings
  if (secret.isNotUsed === true) return skipped('the client has no secret that could be sent in another way')
  if (grant === undefined || provider === undefined || clientId === undefined || secret.value === undefined) {
    return skipped('the settings are not complete')
  }
  if (grant.token !== undefined) return skipped('the server took the credentials as they were sent')
  if (!mayBeProbed(grant)) return skipped('the failure is not about how the credentials are sent')
  if (!examination.mayProbe) return skipped('only with --probe-authentication: each try may count as a failed sign-in')

  const credentials = { clientId, clientSecret: secret.value }
  const finding = draftFinding()
  const { tries, others } = await chooseTries(provider, credentials)
  for (const line of others) finding.saw(line)
  const outcomes: { readonly way: string; readonly status: number | null; readonly error: string | null }[] = []
  finding.detail('tried', outcomes)
  const warning = `a server may count each of ${tries.length} more tries as a failed sign-in, and lock the client out`
  finding.saw(`beforehand: ${warning}`)
  if (examination.isForPeople) output.note(`Trying other ways to send the credentials: ${warning}.`)

  for (const { name, code, clientAuthentication } of tries) {
    await pause(attemptDelay * 1000)
    const tried = await examination.ask({ ...provider, clientAuthentication })
    const { failure, exchange } = tried
    outcomes.push({ way: name, status: exchange?.status ?? null, error: failure?.error ?? failure?.code ?? null })
    if (tried.token !== undefined) {
      finding.saw(`${name}: returned a token`)
      finding.detail('works', name)
      finding.advise(adviseWay(examination, name, code))
      examination.evidence.granted = tried
      return { ...finding.done(), settles: 'token-request' }
    }
    finding.saw(`${name}: ${failure?.message ?? 'rejected'}`)
    if (exchange === undefined || exchange.status === 429 || exchange.status > 499) {
      finding.fail('no more tries: the server limits requests or fails', 'Wait before trying again.')
      return finding.done()
    }
  }
  finding.fail(
    tries.length === 0 ? 'there is no other way to send the credentials' : 'none of them works',
    adviseAfterProbe(known.name, grant.failure && readServerWords(grant.failure)),
  )
  return { ...finding.done(), rulesOut: ['client-authentication'] }
}

function adviseAfterProbe(name: string, words: ReturnType<typeof readServerWords>): string {
  const mayGrant = 'check that the client may use client credentials'
  if (words === 'client id')
    return `The way of sending the credentials is not the cause: correct the client id, and ${mayGrant}.`
  return words === 'client secret'
    ? `The way of sending the credentials is not the cause: get a new client secret for ${name}.`
    : `The way of sending the credentials is not the cause: check the client id, get a new client secret for ${name}, and ${mayGrant}.`
}

/** Chooses the client authentications to try: those that differ on the wire from what was sent before. */
async function chooseTries(
  provider: Provider,
  credentials: Credentials,
): Promise<{ readonly tries: readonly Way[]; readonly others: readonly string[] }> {
  const known = new Map<string, string>()
  const sent = await spell(provider.clientAuthentication ?? clientSecretBasic(), credentials)
  if (sent !== undefined) known.set(sent, 'what was sent before')
  const tries: Way[] = []
  const others: string[] = []
  for (const way of ways) {
    const wire = await spell(way.clientAuthentication, credentials)
    const twin = wire === undefined ? undefined : known.get(wire)
    if (wire === undefined) others.push(`${way.name}: not tried, it cannot encode this client id`)
    else if (twin !== undefined) others.push(`${way.name}: not tried, it is the same on the wire as ${twin}`)
    else {
      known.set(wire, way.name)
      tries.push(way)
    }
  }
  return { tries, others }
}

/** What a client authentication sends, for comparison only, never for output; `undefined` if it fails. */
async function spell(
  clientAuthentication: ClientAuthentication,
  credentials: Credentials,
): Promise<string | undefined> {
  if (credentials.clientId === undefined) return undefined
  const draft: TokenRequestDraft = {
    url: new URL('https://nowhere.invalid'),
    headers: new Headers(),
    parameters: new URLSearchParams(),
    issuer: undefined,
  }
  try {
    await clientAuthentication.authenticate(draft, credentials)
    return JSON.stringify([[...draft.headers], [...draft.parameters]])
  } catch {
    return undefined
  }
}

function adviseWay({ known }: Examination, name: string, written: string): string {
  if (known.settings.some((setting) => setting.name === 'clientAuthentication')) {
    return `Send the credentials as ${name}: --client-authentication ${name}.`
  }
  const place = known.configured === undefined ? 'in code' : `in ${known.configured.file}`
  return `Send the credentials as ${name}: ${place}, let the provider be { ...provider, clientAuthentication: ${written} }.`
}
