import { styleText } from 'node:util'
import type { FailureReport } from './failure.ts'
import type { Io } from './io.ts'

/** How a piece of text looks on a terminal that shows colours. */
export type Look = 'title' | 'quiet' | 'good' | 'doubtful' | 'bad' | 'code'

/** Where a command's words go: results to stdout, all else to stderr. */
export interface Output {
  /** A line, or lines, of the result. */
  print(text: string): void
  /** The result as it came, byte for byte. */
  printRaw(bytes: Uint8Array): void
  /** The result as one JSON document. */
  printJson(value: unknown): void
  /** A line, or lines, that are not the result. */
  note(text: string): void
  /** A failure, for people. */
  noteFailure(report: FailureReport): void
  noteHints(hints: readonly string[]): void
  /** Says on a terminal what is waited for, until the function it returns is called. */
  noteWaiting(text: string): () => void
  /** Dresses a piece of the result. */
  dress(look: Look, text: string): string
  /** From now on this text leaves by no way, whatever server or error repeats it. */
  hide(secret: string): void
}

/** Shorter ones are words of everyday language: taking them out would ruin the text and so give them away. */
const shortestSecret = 8

export function createOutput({ stdout, stderr, terminal, env }: Io): Output {
  const hidden: string[] = []
  const dresser = (isTerminal: boolean) => {
    const inColour = !env.NO_COLOR && (isTerminal ? env.TERM !== 'dumb' : isForced(env.FORCE_COLOR))
    return (look: Look, text: string) => (inColour ? styleText(looks[look], text, { validateStream: false }) : text)
  }
  const dress = dresser(terminal.stdout)
  const dressNote = dresser(terminal.stderr)

  const withoutSecrets = (text: string): string => {
    let shown = text
    for (const secret of hidden) shown = shown.replaceAll(secret, '[redacted]')
    return shown
  }
  const printRaw = (bytes: Uint8Array): void => {
    // One character a byte: what is not text survives the look at it.
    const text = Buffer.from(bytes).toString('latin1')
    const shown = withoutSecrets(text)
    stdout.write(shown === text ? bytes : Buffer.from(shown, 'latin1'))
  }
  const print = (text: string): void => void stdout.write(`${withoutSecrets(text)}\n`)
  const note = (text: string): void => void stderr.write(`${withoutSecrets(text)}\n`)
  const noteHints = (hints: readonly string[]): void => {
    for (const hint of hints) note(`  ${dressNote('quiet', '•')} ${hint}`)
  }

  return {
    print,
    printRaw,
    printJson: (value) => print(JSON.stringify(value, undefined, terminal.stdout ? 2 : undefined)),
    note,
    noteFailure({ message, hints }) {
      note(`${dressNote('bad', '✗')} ${message}`)
      noteHints(hints)
    },
    noteHints,
    noteWaiting(text) {
      // One still line, not a spinner: those take hold of the keyboard and end the process on their own account.
      if (!terminal.stderr || env.TERM === 'dumb') return () => undefined
      stderr.write(dressNote('quiet', `${withoutSecrets(text)} ...`))
      return () => void stderr.write('\r\u001b[K')
    },
    dress,
    hide(secret) {
      if (secret.length < shortestSecret) return
      hidden.push(...spellings(secret))
      // A longer one first: it may hold a shorter one.
      hidden.sort((a, b) => b.length - a.length)
    },
  }
}

const looks = {
  title: 'bold',
  quiet: 'dim',
  good: 'green',
  doubtful: 'yellow',
  bad: 'red',
  code: 'cyan',
} as const satisfies Readonly<Record<Look, string>>

function isForced(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false'
}

/** How a secret looks in a URL, a form, a JSON document, and read a byte at a time. */
function spellings(secret: string): readonly string[] {
  const written = [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams([['', secret]]).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
  ]
  return [...new Set(written.flatMap((text) => [text, Buffer.from(text, 'utf8').toString('latin1')]))]
}
