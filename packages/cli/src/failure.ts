import { findNearestName, NightlatchError } from '@nightlatch/core'
import { CommanderError } from 'commander'
import { CommandError } from './command-error.ts'
import { inFlags } from './flag-words.ts'
import { showMessage } from './foreign-error.ts'
import { FailureWithNextStep } from './next-step.ts'

/** An error as the command line prints it. */
export interface FailureReport {
  readonly exitStatus: 1 | 2
  readonly message: string
  readonly hints: readonly string[]
  /** The member `error` of the JSON document. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** Describes anything that was thrown, without a stack. */
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
    const [message, hints] = ['no command given', ['Run nightlatch --help for the list of commands.']]
    return { exitStatus: 2, message, hints, fields: { code: 'wrong_usage', message, hints } }
  }
  if (thrown instanceof CommanderError) {
    const { message, hints } = readUsageMistake(thrown)
    return { exitStatus: 2, message, hints, fields: { code: 'wrong_usage', message, hints } }
  }
  const message = thrown instanceof Error ? showMessage(thrown.message) : 'a value that is not an Error was thrown'
  return { exitStatus: 1, message, hints: [], fields: { code: 'unexpected', message, hints: [] } }
}

/** Describes a usage error of Commander. The text after `=` is left out because it may be a secret. */
function readUsageMistake({ message: said }: CommanderError): Pick<FailureReport, 'message' | 'hints'> {
  const [first = '', suggestion = ''] = said.replace(/^error: /, '').split('\n')
  const [option] = /^unknown option '[^'=]*(?==)/.exec(first) ?? []
  const message = option === undefined ? first : `${option}'`
  const [, meant] = /^\(Did you mean (.*)\?\)$/.exec(suggestion) ?? []
  const nearest = meant ?? findNearestChoice(message)
  return { message, hints: nearest === undefined ? [] : [`Did you mean ${nearest}?`] }
}

/** The allowed choice most similar to the typed value, if Commander's message lists choices. */
function findNearestChoice(message: string): string | undefined {
  const end = message.indexOf("' is invalid")
  const [, choices] = message.slice(Math.max(end, 0)).split(' Allowed choices are ')
  if (end < 0 || choices === undefined) return undefined
  const typed = message.slice(message.lastIndexOf("'", end - 1) + 1, end)
  return findNearestName(typed, choices.slice(0, -1).split(', '))
}
