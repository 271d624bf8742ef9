import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { type SmartCompletionsEmulator, smartCompletionsEmulation, startEmulator } from '@nightlatch/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { measureGrowth, mostGrowth } from '../../core/test/growth.ts'
import { createOutput, type Output, styled } from '../src/output/output.ts'
import { hexagonEnv } from './doctor/see-doctor.ts'
import { nightlatch } from './run-nightlatch.ts'

/** An output at a terminal, or into pipes, and what it wrote. */
function openOutput(isTerminal: boolean): { readonly output: Output; written(): string } {
  const stream = new PassThrough()
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const output = createOutput({
    env: { NO_COLOR: '1' },
    stdin: new PassThrough(),
    stdout: stream,
    stderr: stream,
    terminal: { stdin: isTerminal, stdout: isTerminal, stderr: isTerminal },
    pid: 1,
    isRunning: () => true,
  })
  return { output, written: () => Buffer.concat(chunks.splice(0)).toString('utf8') }
}

/** Written out one by one, apart from the expression that the product uses. */
const dangerous: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x08],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xfeff, 0xfeff],
  [0xe0001, 0xe007f],
]
const all = dangerous.flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, at) => String.fromCodePoint(first + at)),
)
const attack = '\u001b[2J\u001b]0;title\u0007\u009b31m\u202eevil\u2066\u200b\r!'

function expectHarmless(text: string): void {
  for (const character of all) expect(text.includes(character), JSON.stringify(character)).toBe(false)
}

describe('whatever reaches the terminal', () => {
  it('has no character that a terminal obeys or does not show, by every way out', () => {
    const foreign = all.map((character) => `a${character}b`).join(' ')
    for (const isTerminal of [true, false]) {
      const { output, written } = openOutput(isTerminal)
      output.print(foreign, styled('good', foreign))
      output.note(foreign)
      output.noteFailure({ exitStatus: 1, message: foreign, hints: [foreign], fields: {} })
      expectHarmless(written())
      output.printJson({ [foreign]: foreign })
      const document = written()
      expectHarmless(document)
      expect(JSON.parse(document)).toEqual({ [foreign]: foreign })
      output.noteWaiting(foreign)
      expectHarmless(written())
    }
    const { output, written } = openOutput(true)
    output.printBody(Buffer.from(foreign))
    expectHarmless(written())
    output.printBody(Uint8Array.of(0x1b, 0x9b, 0xff, 0x00))
    expectHarmless(written())
  })

  it('keeps tabs, line ends, and the letters of every language', () => {
    const { output, written } = openOutput(true)
    output.printBody(Buffer.from('a\tb\r\nÜber 東京 🙂\n'))
    expect(written()).toBe('a\tb\nÜber 東京 🙂\n')
  })

  it('into a pipe, a body is the bytes that came; a text ends with a line feed', () => {
    const { output, written } = openOutput(false)
    output.printBody(Buffer.from('\u001b[31mred\r\n'))
    expect(written()).toBe('\u001b[31mred\r\n')
    output.printBody(Buffer.from('{"a":1}'))
    expect(written()).toBe('{"a":1}\n')
  })

  it('is written by the output alone', async () => {
    const folder = join(import.meta.dirname, '../src')
    const writing: string[] = []
    for (const file of globSync('**/*.ts', { cwd: folder })) {
      const source = await readFile(join(folder, file), 'utf8')
      if (/(stdout|stderr)\.write|console\./.test(source)) writing.push(file)
    }
    // `bin.ts` refuses an old Node before anything else is loaded.
    expect(writing.sort()).toEqual(['bin.ts', join('output', 'output.ts')])
  })
})

describe('a hidden secret', () => {
  const secret = 'S3cr&t/+ "quoted" pässword%41'
  const encodings: Readonly<Record<string, (text: string) => string>> = {
    plain: (text) => text,
    percent: encodeURIComponent,
    'lower-case percent': (text) => encodeURIComponent(text).replace(/%../g, (byte) => byte.toLowerCase()),
    form: (text) => new URLSearchParams([['', text]]).toString().slice(1),
    JSON: (text) => JSON.stringify(text),
    'JSON in JSON': (text) => JSON.stringify(JSON.stringify(text)),
    'JSON, ASCII only': (text) =>
      [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    HTML: (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;'),
    'HTML, decimal': (text) => [...text].map((letter) => `&#${letter.codePointAt(0)};`).join(''),
    'HTML, hexadecimal': (text) => [...text].map((letter) => `&#x${letter.codePointAt(0)?.toString(16)};`).join(''),
    base64: (text) => Buffer.from(text).toString('base64'),
    base64url: (text) => Buffer.from(text).toString('base64url'),
    'zero-width in between': (text) => [...text].join('\u200b'),
    'controls in between': (text) => [...text].join('\u001b\u0085'),
    'bidirectional isolates in between': (text) => [...text].join('\u2066'),
  }

  it.each(Object.entries(encodings))('is redacted: %s', (_, encode) => {
    for (const isTerminal of [true, false]) {
      const { output, written } = openOutput(isTerminal)
      output.hide(secret)
      const foreign = `before ${encode(secret)} after`
      output.print(foreign)
      expect(written()).toMatch(/^before .?\\?"?\[redacted\]\\?"?.? after\n$/)
      output.printBody(Buffer.from(foreign))
      expect(written()).toContain('[redacted]')
      output.printJson({ foreign })
      expect(JSON.parse(written()).foreign).toMatch(/^before .*\[redacted\].* after$/)
    }
  })

  it('two of them, one within the other, leave nothing behind', () => {
    const { output, written } = openOutput(false)
    output.hide('long-secret-value')
    output.hide('a-long-secret-value-and-more')
    output.print('x a-long-secret-value-and-more y long-secret-value z')
    expect(written()).toBe('x [redacted] y [redacted] z\n')
  })

  it('costs time in proportion to the text', () => {
    const { output, written } = openOutput(false)
    output.hide(secret)
    for (const unit of ['%25', '\\\\u005c', '&amp;', '&#', 'S3cr&t/+ ', '\u200b']) {
      const growth = measureGrowth((size) => {
        output.print(unit.repeat(size))
        // What was written is not kept, because collections of garbage would take longer with each measurement.
        written()
      }, 5000)
      expect(growth, unit).toBeLessThanOrEqual(mostGrowth)
    }
  })
})

describe('servers that send terminal escapes', () => {
  let emulator: SmartCompletionsEmulator
  let env: Record<string, string>
  beforeEach(async () => {
    emulator = await startEmulator(smartCompletionsEmulation())
    env = { ...hexagonEnv(emulator), NO_COLOR: '1' }
  })
  afterEach(() => emulator.close())

  it('in the scopes of a token', async () => {
    const answer = { body: { access_token: 'opaque-token-value', expires_in: 60, scope: `read${attack}` } }
    emulator.faults.set('token', { name: 'answer', answer })
    for (const flags of [[], ['--json']]) {
      const { status, stdout, stderr } = await nightlatch(['token', 'smart-completions', ...flags], { env })
      expect(status).toBe(0)
      expectHarmless(`${stdout}${stderr}`)
      expect(stdout).toContain('read')
    }
  })

  it('in the words of a rejection, and in what doctor makes of them', async () => {
    const answer = { status: 400, body: { error: 'invalid_scope', error_description: attack, [`a${attack}`]: attack } }
    emulator.faults.set('token', { name: 'answer', answer })
    for (const command of ['token', 'doctor']) {
      for (const flags of [[], ['--json']]) {
        const { stdout, stderr } = await nightlatch([command, 'smart-completions', ...flags], { env })
        expectHarmless(`${stdout}${stderr}`)
      }
    }
  })

  it('in the reason phrase, the headers and the body of a call', async () => {
    // A socket, since Node's own server refuses to send such a reason phrase.
    const api = createTcpServer((socket) => {
      socket.once('data', () =>
        socket.end(
          Buffer.from(
            `HTTP/1.1 404 Not\u009b31m Found\u0085\r\nx-note: a\u009b31mb\r\nconnection: close\r\n\r\n{"a":"\u009b\u202e"}`,
            'latin1',
          ),
        ),
      )
    })
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
    const address = api.address()
    const host = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    try {
      for (const flags of [['--include'], ['--json']]) {
        const parameters = ['call', 'smart-completions', 'x', '--host', host, ...flags]
        const { status, stdout, stderr } = await nightlatch(parameters, { env, typed: '' })
        expect(status).toBe(1)
        expectHarmless(`${stdout}${stderr}`.replaceAll('\r\u001b[K', ''))
        expect(`${stdout}${stderr}`).toContain('404 Not')
      }
    } finally {
      api.close()
    }
  })

  it('in what was typed', async () => {
    for (const parameters of [['token', attack], [attack], ['token', 'smart-api', `--${attack}`], ['new', attack]]) {
      const { status, stdout, stderr } = await nightlatch(parameters, { env })
      expect(status).toBe(2)
      expectHarmless(`${stdout}${stderr}`)
    }
  })
})
