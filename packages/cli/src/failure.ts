import { NightlatchError } from '@nightlatch/core'
import { CommanderError } from 'commander'
import { inFlags } from './flag-words.ts'
import { findNearestName } from './nearest-name.ts'
import { FailureWithNextStep } from './next-step.ts'

/** What went wrong, in a word a script can branch on; a `NightlatchError` brings its own. */
export type CommandErrorCode =
  /** The command was given what it does not take, or not given what it needs. */
  | 'wrong_usage'
  /** The API answered, and not with a 2xx. */
  | 'api_refused'
  /** The API did not answer. */
  | 'api_unavailable'
  /** The API did not answer in time. */
  | 'api_timed_out'

/** A failure of the command line's own. */
export class CommandError extends Error {
  readonly code: CommandErrorCode
  /** What a script is told besides: status, url, body. */
  readonly details: Readonly<Record<string, unknown>>
  readonly hints: readonly string[]

  constructor(
    code: CommandErrorCode,
    message: string,
    more: { readonly details?: Readonly<Record<string, unknown>>; readonly hints?: readonly string[] } = {},
  ) {
    super(message)
    this.name = 'CommandError'
    this.code = code
    this.details = more.details ?? {}
    this.hints = more.hints ?? []
  }
}

/** Ends a command whose result, printed already, says what is wrong: exit status 1, and nothing more is told. */
export class AlreadyTold extends Error {}

/** A failure, as it is told. */
export interface FailureReport {
  readonly exitStatus: 1 | 2
  readonly message: string
  readonly hints: readonly string[]
  /** What `--json` prints under `error`. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** What there is to say of anything that was thrown: words, and never a stack. */
export function reportFailure(thrown: unknown): FailureReport {
  if (thrown instanceof FailureWithNextStep) {
    const { fields, ...report } = reportFailure(thrown.failure)
    const { target } = thrown
    const said = target === undefined ? report.hints : report.hints.map((hint) => inFlags(hint, target))
    const hints = [...new Set([...said, thrown.nextStep])]
    return { ...report, hints, fields: { ...fields, hints } }
  }
  if (thrown instanceof NightlatchError) {
    const { code, message, provider, status, error, errorDescription, retryable, retryAfter, hints } = thrown
    const fields = { code, message, provider, status, error, errorDescription, retryable, retryAfter, hints }
    return { exitStatus: code === 'invalid_options' ? 2 : 1, message, hints, fields }
  }
  if (thrown instanceof CommandError) {
    const { code, message, details, hints } = thrown
    return { exitStatus: code === 'wrong_usage' ? 2 : 1, message, hints, fields: { code, message, ...details, hints } }
  }
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') {
    const [message, hints] = ['no command is named', ['nightlatch --help lists them']]
    return { exitStatus: 2, message, hints, fields: { code: 'wrong_usage', message, hints } }
  }
  if (thrown instanceof CommanderError) {
    const { message, hints } = readUsageMistake(thrown)
    return { exitStatus: 2, message, hints, fields: { code: 'wrong_usage', message, hints } }
  }
  const message = thrown instanceof Error ? tellMessage(thrown.message) : 'something was thrown that is no Error'
  return { exitStatus: 1, message, hints: [], fields: { code: 'unexpected', message, hints: [] } }
}

/** A mistake in what was typed; what follows an `=` is left out, for it may be a secret. */
function readUsageMistake({ message: said }: CommanderError): Pick<FailureReport, 'message' | 'hints'> {
  const [first = '', suggestion = ''] = said.replace(/^error: /, '').split('\n')
  const message = first.replace(/^(unknown option '[^'=]*)=.*'$/, "$1'")
  const [, meant] = /^\(Did you mean (.*)\?\)$/.exec(suggestion) ?? []
  const [, typed, choices] = /'([^']*)' is invalid.* Allowed choices are (.*)\.$/.exec(message) ?? []
  const nearest = meant ?? findNearestName(typed ?? '', choices?.split(', ') ?? [])
  return { message, hints: nearest === undefined ? [] : [`Did you mean ${nearest}?`] }
}

/** A message of the platform or of a configuration file; but `JSON.parse` quotes what it could not read, a secret maybe. */
export function tellMessage(message: string): string {
  return message.endsWith('is not valid JSON') ? 'what was read is not valid JSON' : message
}

/** The system's word for a failure; messages of a transport may hold the request. */
export function codeOf(failure: unknown): string | undefined {
  let error = failure
  for (let depth = 0; depth < 5 && error instanceof Error; depth += 1) {
    const { code } = error as NodeJS.ErrnoException
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code
    error = error.cause
  }
  return undefined
}
