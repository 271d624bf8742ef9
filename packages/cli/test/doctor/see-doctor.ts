import type { Emulator } from '@nightlatch/testing'
import { expect } from 'vitest'
import { nightlatch, nightlatchProcess, type Outcome, type Surroundings } from '../run-nightlatch.ts'

/** What `nightlatch doctor --json` prints. */
interface Report {
  readonly provider: string
  readonly status: string
  readonly steps: readonly ReportedStep[]
  readonly whatToDo: readonly string[]
  readonly tokenRequests: number
}

interface ReportedStep {
  readonly name: string
  readonly status: string
  readonly saw: readonly string[]
  readonly advice: readonly string[]
  // biome-ignore lint/suspicious/noExplicitAny: each step has its own, and the tests say what they expect of it
  readonly details: Readonly<Record<string, any>>
}

export interface Examined {
  readonly outcome: Outcome
  readonly report: Report
  step(name: string): ReportedStep
  /** Each step's status, by name. */
  readonly statuses: Readonly<Record<string, string>>
}

interface Patient extends Surroundings {
  /** In a process of its own. */
  readonly isProcess?: boolean
}

/** Runs `nightlatch doctor` with `--json`. */
export async function seeDoctor(parameters: readonly string[], patient: Patient = {}): Promise<Examined> {
  const typed = ['doctor', ...parameters, '--json']
  const outcome =
    patient.isProcess === true ? await nightlatchProcess(typed, patient) : await nightlatch(typed, patient)
  expect(outcome.stderr).toBe('')
  const report: Report = JSON.parse(outcome.stdout)
  const step = (name: string): ReportedStep => {
    const found = report.steps.find((one) => one.name === name)
    if (found === undefined) throw new Error(`there is no step ${name}`)
    return found
  }
  return { outcome, report, step, statuses: Object.fromEntries(report.steps.map(({ name, status }) => [name, status])) }
}

type WithCredentials = Emulator & { readonly credentials: { readonly clientId: string; readonly clientSecret: string } }

/** The variables that lead to an emulated Prevu3D. */
export function prevu3dEnv({ credentials, url }: WithCredentials): Record<string, string> {
  return {
    PREVU3D_CLIENT_ID: credentials.clientId,
    PREVU3D_CLIENT_SECRET: credentials.clientSecret,
    PREVU3D_CLOUD_API_URL: url,
  }
}

/** The variables that lead to an emulated Smart Completions. */
export function hexagonEnv({
  credentials,
  host,
  authorizationServer,
}: WithCredentials & { readonly host: string; readonly authorizationServer: string }): Record<string, string> {
  return {
    HEXAGON_CLIENT_ID: credentials.clientId,
    HEXAGON_CLIENT_SECRET: credentials.clientSecret,
    HEXAGON_HOST: host,
    HEXAGON_AUTHORIZATION_SERVER: authorizationServer,
  }
}

/** Every spelling in which a secret could leave. */
export function spellingsOf(clientId: string, secret: string): readonly string[] {
  const form = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
  const pairs = [`${clientId}:${secret}`, `${form(clientId)}:${form(secret)}`, secret]
  const encoded = pairs.flatMap((text) => {
    const base64 = Buffer.from(text).toString('base64')
    return [base64, base64.replace(/=+$/, ''), Buffer.from(text).toString('base64url')]
  })
  return [
    ...new Set([
      secret,
      encodeURIComponent(secret),
      encodeURI(secret),
      form(secret),
      JSON.stringify(secret).slice(1, -1),
      ...encoded,
    ]),
  ]
}

/** Neither the secret in any spelling, nor anything that was sent as authorization, is in what was printed. */
export function expectNothingSecret({ stdout, stderr }: Outcome, emulator: WithCredentials, secret?: string): void {
  const { clientId, clientSecret } = emulator.credentials
  const sent = emulator.requests.flatMap(({ headers }) => headers.get('authorization')?.split(' ')[1] ?? [])
  for (const text of [
    ...spellingsOf(clientId, secret ?? clientSecret),
    ...spellingsOf(clientId, clientSecret),
    ...sent,
  ]) {
    // Compared outside of `expect`, which would print the secret.
    expect(`${stdout}${stderr}`.includes(text)).toBe(false)
  }
}
