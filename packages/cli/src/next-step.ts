import type { Command } from 'commander'
import type { Target } from './target.ts'

/** A failure with the command that tells more about it. */
export class FailureWithNextStep extends Error {
  readonly failure: unknown
  readonly nextStep: string
  /** Whose failure it is; its hints are said in flags. */
  readonly target: Target | undefined

  constructor(failure: unknown, nextStep: string, target?: Target) {
    super('see the failure within')
    this.failure = failure
    this.nextStep = nextStep
    this.target = target
  }
}

/** Does some work with a provider; where it fails, the failure names doctor as the command to run next. */
export async function withDoctorNext<Result>(
  target: Target,
  command: Command,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (failure) {
    throw new FailureWithNextStep(failure, doctorStep(target, command), target)
  }
}

/** `nightlatch doctor <provider>` with those flags of this command line that it takes. */
function doctorStep({ name }: Target, command: Command): string {
  const doctor = command.parent?.commands.find((other) => other.name() === 'doctor')
  const known = new Set([...(doctor?.options ?? []), ...(command.parent?.options ?? [])].map(({ long }) => long))
  const flags = [...command.options, ...(command.parent?.options ?? [])].flatMap((option) => {
    const owner = command.options.includes(option) ? command : command.parent
    const value: unknown = owner?.getOptionValue(option.attributeName())
    const isTyped = owner?.getOptionValueSource(option.attributeName()) === 'cli'
    if (!isTyped || !known.has(option.long) || typeof value === 'boolean') return []
    // A repeatable flag has its values joined by blanks, which are in no URL.
    const values = option.long === '--api-origin' ? String(value).split(' ') : [String(value)]
    return values.map((one) => `${option.long} ${quoteForShell(one)}`)
  })
  return `To find the cause, run: ${['nightlatch doctor', name, ...flags].join(' ')}`
}

/** The help of a command, where the flags themselves are wrong. */
export function helpStep(command: string): string {
  return `Run ${['nightlatch', command].filter(Boolean).join(' ')} --help for what it takes.`
}

/** As POSIX shells and PowerShell read it. */
function quoteForShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
