import type { Command } from 'commander'
import type { Target } from './target.ts'

/** A failure with the command that tells more about it. */
export class FailureWithNextStep extends Error {
  readonly failure: unknown
  readonly nextStep: string

  constructor(failure: unknown, nextStep: string) {
    super('see the failure within')
    this.failure = failure
    this.nextStep = nextStep
  }
}

/** Does some work; where it fails, the failure names the command to run next. */
export async function withNextStep<Result>(nextStep: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (failure) {
    throw new FailureWithNextStep(failure, nextStep)
  }
}

/** `nightlatch doctor <provider>` with those flags of this command line that it takes. */
export function doctorStep({ name }: Target, command: Command): string {
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
