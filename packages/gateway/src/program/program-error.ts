import { NightlatchError } from '@nightlatch/core'
import { ConfigurationMistakes } from '../load-configuration.ts'
import type { ExitStatus, ProgramIo } from './program-io.ts'

/** A mistake on the command line. */
export class UsageError extends Error {}

/** Writes a failure to standard error, or with `--json` to standard output. */
export function reportFailure(failure: unknown, isJson: boolean, { stdout, stderr }: ProgramIo): ExitStatus {
  const { status, code, message, mistakes } = describeFailure(failure)
  if (isJson) {
    stdout.write(`${JSON.stringify({ error: { code, message, ...(mistakes.length > 0 && { mistakes }) } })}\n`)
  } else {
    stderr.write(`nightlatch-gateway: ${[message, ...mistakes.map((mistake) => `  ${mistake}`)].join('\n')}\n`)
  }
  return status
}

interface FailureDescription {
  readonly status: ExitStatus
  readonly code: string
  readonly message: string
  readonly mistakes: readonly string[]
}

function describeFailure(failure: unknown): FailureDescription {
  if (failure instanceof ConfigurationMistakes) {
    const { message, mistakes } = failure
    return { status: 2, code: 'invalid_configuration', message, mistakes }
  }
  if (failure instanceof UsageError) {
    const message = `${failure.message}\nRun nightlatch-gateway --help for the commands and options.`
    return { status: 2, code: 'wrong_usage', message, mistakes: [] }
  }
  if (failure instanceof NightlatchError) {
    const { code, message } = failure
    return { status: 1, code, message, mistakes: [] }
  }
  return { status: 1, code: 'cannot_start', message: describeSystemError(failure), mistakes: [] }
}

/** Node's message of a system error names the call and the address, and nothing secret. */
function describeSystemError(failure: unknown): string {
  const { code, message } = (
    failure instanceof Error ? failure : new Error('unexpected failure')
  ) as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return `${message}. Another program listens there; stop it, or change \`listen\``
  if (code === 'EACCES') return `${message}. The gateway's user must have the right to listen there`
  return message
}
