import type { Command } from 'commander'
import { ExitWithStatus } from './command-error.ts'
import type { Target } from './target.ts'

/** An error with the command to run next. */
export class FailureWithNextStep extends Error {
  readonly failure: unknown
  readonly nextStep: string
  /** The target that failed; the report replaces option names in hints with its flags. */
  readonly target: Target | undefined

  constructor(failure: unknown, nextStep: string, target?: Target) {
    super('see the failure within')
    this.failure = failure
    this.nextStep = nextStep
    this.target = target
  }
}

/** Runs a function; if it fails, the error names `nightlatch doctor` as the command to run next. */
export async function withDoctorNext<Result>(
  target: Target,
  command: Command,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (failure) {
    // The result is printed already.
    if (failure instanceof ExitWithStatus) throw failure
    throw new FailureWithNextStep(failure, doctorStep(target, command), target)
  }
}

/** `nightlatch doctor <provider>` with the flags of this command line that doctor also takes. */
function doctorStep({ name }: Target, command: Command): string {
  const doctor = command.parent?.commands.find((other) => other.name() === 'doctor')
  const known = new Set([...(doctor?.options ?? []), ...(command.parent?.options ?? [])].map(({ long }) => long))
  const flags = [...command.options, ...(command.parent?.options ?? [])].flatMap((option) => {
    const owner = command.options.includes(option) ? command : command.parent
    const value: unknown = owner?.getOptionValue(option.attributeName())
    const isTyped = owner?.getOptionValueSource(option.attributeName()) === 'cli'
    if (!isTyped || !known.has(option.long) || typeof value === 'boolean') return []
    // The values of a repeatable flag are joined by spaces, which no URL contains.
    const values = option.long === '--api-origin' ? String(value).split(' ') : [String(value)]
    return values.map((one) => `${option.long} ${quoteForShell(one)}`)
  })
  return `To find the cause, run: ${['nightlatch doctor', name, ...flags].join(' ')}`
}

/** Names the command's help, for errors in its arguments or flags. */
export function helpStep(command: string): string {
  return `Run ${['nightlatch', command].filter(Boolean).join(' ')} --help for its arguments and flags.`
}

/** Quotes for POSIX shells and PowerShell. */
function quoteForShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
