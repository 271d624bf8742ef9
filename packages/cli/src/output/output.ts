import { styleText } from 'node:util'
import type { FailureReport } from '../failure.ts'
import type { Io } from '../io.ts'
import { SecretFinder } from './secret-finder.ts'
import { escapeUnsafe } from './unsafe-characters.ts'

/** The style of a text on a terminal with colours. */
export type Style = 'title' | 'quiet' | 'good' | 'doubtful' | 'bad' | 'code'

/** A text with a style. */
export class Styled {
  readonly style: Style
  readonly text: string

  constructor(style: Style, text: string) {
    this.style = style
    this.text = text
  }
}

/** Creates a text with a style. */
export function styled(style: Style, text: string): Styled {
  return new Styled(style, text)
}

/** Pieces of text, written one after the other. */
type Text = readonly (string | Styled)[]

/**
 * Writes results to stdout and everything else to stderr; no other code writes to them. It redacts secrets, and escapes
 * control characters and invisible characters.
 */
export interface Output {
  /** Prints one or more lines of the result. */
  print(...text: Text): void
  /** Prints a body without secrets; a text ends with a line feed. At a terminal the body is escaped. */
  printBody(bytes: Uint8Array): void
  /** Prints the result as one JSON document. */
  printJson(value: unknown): void
  /** Prints one line that holds the token which the user asked for, so nothing in it is redacted. */
  printToken(line: string): void
  /** Prints one or more lines that are not the result. */
  note(...text: Text): void
  /** Prints an error for people. */
  noteFailure(report: FailureReport): void
  noteHints(hints: readonly string[]): void
  /** Shows on a terminal what the command waits for, until the returned function is called. */
  noteWaiting(text: string): () => void
  /** Redacts this text in all output from now on. */
  hide(secret: string): void
}

export function createOutput({ stdout, stderr, terminal, env }: Io): Output {
  const secrets = new SecretFinder()
  const clean = (text: string): string => escapeUnsafe(secrets.redact(text))
  const writer = (isTerminal: boolean) => {
    const inColour = !env.NO_COLOR && (isTerminal ? env.TERM !== 'dumb' : isForced(env.FORCE_COLOR))
    return (text: Text): string =>
      text
        .map((piece) => {
          if (typeof piece === 'string') return clean(piece)
          const cleaned = clean(piece.text)
          return inColour ? styleText(formats[piece.style], cleaned, { validateStream: false }) : cleaned
        })
        .join('')
  }
  const toResult = writer(terminal.stdout)
  const toNote = writer(terminal.stderr)
  const print = (...text: Text): void => void stdout.write(`${toResult(text)}\n`)
  const note = (...text: Text): void => void stderr.write(`${toNote(text)}\n`)
  const noteHints = (hints: readonly string[]): void => {
    for (const hint of hints) note('  ', styled('quiet', '•'), ` ${hint}`)
  }

  return {
    print,
    printBody(bytes) {
      const text = readText(bytes)
      if (text === undefined && !terminal.stdout) {
        // Latin-1 has one character for each byte, so that binary data stays intact.
        const raw = Buffer.from(bytes).toString('latin1')
        const shown = secrets.redact(raw)
        stdout.write(shown === raw ? bytes : Buffer.from(shown, 'latin1'))
        return
      }
      const shown = text ?? new TextDecoder().decode(bytes)
      const lines = shown.endsWith('\n') ? shown.slice(0, -1) : shown
      if (terminal.stdout) print(lines)
      else stdout.write(`${secrets.redact(lines)}\n`)
    },
    printJson: (value) => print(JSON.stringify(value, undefined, terminal.stdout ? 2 : undefined)),
    printToken: (line) => void stdout.write(`${escapeUnsafe(line)}\n`),
    note,
    noteFailure({ message, hints }) {
      note(styled('bad', '✗'), ` ${message}`)
      noteHints(hints)
    },
    noteHints,
    noteWaiting(text) {
      // A plain line, because spinners read the keyboard and may end the process.
      if (!terminal.stderr || env.TERM === 'dumb') return () => undefined
      stderr.write(toNote([styled('quiet', `${text} ...`)]))
      return () => void stderr.write('\r\u001b[K')
    },
    hide: (secret) => secrets.add(secret),
  }
}

const formats = {
  title: 'bold',
  quiet: 'dim',
  good: 'green',
  doubtful: 'yellow',
  bad: 'red',
  code: 'cyan',
} as const satisfies Readonly<Record<Style, string>>

function isForced(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false'
}

/** `undefined` if the bytes are not UTF-8 text. */
function readText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
