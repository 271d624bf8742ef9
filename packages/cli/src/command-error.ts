/** Codes of the command line's own errors, for scripts. A `NightlatchError` has its own codes. */
export type CommandErrorCode =
  /** An argument, flag or setting is missing or invalid. */
  | 'wrong_usage'
  /** The API's response is not 2xx. */
  | 'api_refused'
  /** The API could not be reached. */
  | 'api_unavailable'
  /** The API did not respond within `--timeout`. */
  | 'api_timed_out'

/** An error of the command line itself. */
export class CommandError extends Error {
  readonly code: CommandErrorCode
  /** More members of the error in `--json`: status, url, body. */
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

/** Ends a command with exit status 1 after its printed result has shown what is wrong. */
export class ExitWithStatus extends Error {}
