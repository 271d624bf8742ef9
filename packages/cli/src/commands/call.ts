import { readFile } from 'node:fs/promises'
import { type Client, explainNetworkFailure, NightlatchError, readNetworkFailure } from '@nightlatch/core'
import type { Command } from 'commander'
import { CommandError } from '../command-error.ts'
import { addCacheFlag, addConnectionFlags, type ConnectionFlags, timeoutOf, withClient } from '../connect.ts'
import { type Io, readInput } from '../io.ts'
import { withDoctorNext } from '../next-step.ts'
import type { Output } from '../output/output.ts'
import type { SettingsPlan } from '../settings.ts'
import { findTarget, type Target } from '../target.ts'
import { describeProviders } from './provider-argument.ts'

interface CallFlags extends ConnectionFlags {
  readonly json?: true
  readonly include?: true
  readonly method?: string
  readonly data?: string
  readonly header?: readonly string[]
}

/** `nightlatch call <provider> <path>`: sends one request with a token to the API. */
export function addCallCommand(program: Command, io: Io, output: Output, plans: readonly SettingsPlan[]): void {
  const command = program
    .command('call')
    .description('send one request with a token to the API of a provider, and print the response')
    .argument('<provider>', describeProviders())
    .argument('<path>', 'path relative to the base URL of the API; or a whole URL, such as the link to the next page')
    .option('-X, --method <method>', 'default GET, or POST with --data')
    .option('-d, --data <body>', 'request body; @file reads a file, - reads stdin')
    .option('-H, --header <header>', "a header, 'name: value'; repeatable", (header: string, before: string[] = []) => [
      ...before,
      header,
    ])
    .option('-i, --include', 'print status and headers before the body')
    .addHelpText('after', examples)
  addCacheFlag(command)
  addConnectionFlags(command, plans)
  command.action(async (name: string, path: string) => {
    const flags = command.optsWithGlobals<CallFlags>()
    const target = await findTarget(name, flags.config)
    const init = await readRequest(flags, io)
    const request = async (client: Client<unknown>): Promise<void> => {
      const done = output.noteWaiting(`Waiting for ${target.name}`)
      const answer = await ask(target, client, path, init, flags).finally(done)
      showAnswer(client, init.method, answer, flags, io, output)
    }
    await withDoctorNext(target, command, () => withClient(target, flags, { io, output }, request))
  })
}

const examples = `
For Prevu3D, {organization_id} in the path is replaced by the id of the client's organisation.
A response that is not 2xx is printed, too, and the exit status is 1.

Examples:
  $ nightlatch call prevu3d 'v1/nodes/{organization_id}/browse'
  $ nightlatch call smart-completions 'Instances(2)/Projects?$top=10'
  $ nightlatch call smart-completions 'Instances(2)/Projects' --data '{"Name": "New"}'`

interface CallRequest {
  readonly method: string
  readonly headers: Headers
  readonly body?: Uint8Array<ArrayBuffer>
}

interface Answer {
  /** The URL of the response, after redirects. */
  readonly url: URL
  readonly response: Response
  readonly bytes: Uint8Array
}

/**
 * Prints the response and the provider's hints.
 *
 * @throws CommandError `api_refused` if the status is not 2xx
 */
function showAnswer(
  { provider }: Client,
  method: string,
  answer: Answer,
  flags: CallFlags,
  io: Io,
  output: Output,
): void {
  const { response, bytes, url } = answer
  const { status } = response
  const body = readBody(bytes)
  const hints = provider.explain?.({ status, url, body }) ?? []
  const said = `${status} ${response.statusText}`.trim()

  if (!response.ok) {
    if (flags.json !== true) printAnswer(answer, body, flags, io, output)
    throw new CommandError('api_refused', `${method} ${url.origin}${url.pathname} answered ${said}`, {
      details: { status, url: url.href, body: body ?? null },
      hints,
    })
  }
  if (flags.json === true) {
    const headers = flags.include === true ? { headers: Object.fromEntries(response.headers) } : {}
    output.printJson({ status, url: url.href, ...headers, body: body ?? null, hints })
    return
  }
  printAnswer(answer, body, flags, io, output)
  if (bytes.length === 0) output.note(`${said}, with an empty body`)
  output.noteHints(hints)
}

/** Reads method, headers and body from the flags. */
async function readRequest(flags: CallFlags, io: Io): Promise<CallRequest> {
  const headers = readHeaders(flags.header ?? [])
  if (!headers.has('accept')) headers.set('accept', 'application/json')
  const method = (flags.method ?? (flags.data === undefined ? 'GET' : 'POST')).toUpperCase()
  if (!/^[A-Z]+$/.test(method)) throw new CommandError('wrong_usage', '--method must be a word, such as GET')
  if (flags.data === undefined) return { method, headers }

  if (method === 'GET' || method === 'HEAD') throw new CommandError('wrong_usage', `${method} takes no --data`)
  if (flags.data === '-' && flags.clientSecretFile === '-') {
    throw new CommandError('wrong_usage', 'stdin cannot provide both --data and the client secret')
  }
  const body = await readData(flags.data, io)
  if (!headers.has('content-type')) {
    if (parseJson(Buffer.from(body).toString('utf8')) === undefined) {
      throw new CommandError(
        'wrong_usage',
        "--data is not JSON. For another format, add its type: -H 'content-type: ...'",
      )
    }
    headers.set('content-type', 'application/json')
  }
  return { method, headers, body }
}

function readHeaders(lines: readonly string[]): Headers {
  const headers = new Headers()
  for (const line of lines) {
    const colon = line.indexOf(':')
    try {
      if (colon < 1) throw new TypeError()
      headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim())
    } catch {
      // The header may hold a secret, so the message does not repeat it.
      throw new CommandError('wrong_usage', "--header must be of the form 'name: value'")
    }
  }
  return headers
}

async function readData(data: string, io: Io): Promise<Uint8Array<ArrayBuffer>> {
  if (data === '-') return Uint8Array.from(await readInput(io))
  if (!data.startsWith('@')) return Uint8Array.from(Buffer.from(data, 'utf8'))
  try {
    return Uint8Array.from(await readFile(data.slice(1)))
  } catch (failure) {
    const { code = 'unreadable' } = failure as NodeJS.ErrnoException
    throw new CommandError('wrong_usage', `--data: ${data.slice(1)} cannot be read (${code})`)
  }
}

/** Sends the request and reads the whole response, within the timeout. */
async function ask(target: Target, client: Client, path: string, init: CallRequest, flags: CallFlags): Promise<Answer> {
  const api = await client.api()
  const filled = await fillPlaceholders(target, client, path)
  const timeout = timeoutOf(target, flags)
  const signal = AbortSignal.timeout(timeout * 1000)
  let asked = filled
  const beforeRequest = ({ request }: { readonly request: Request }): void => {
    asked = request.url
  }
  try {
    const response = isWhole(filled)
      ? await client.fetch(filled, { ...init, signal })
      : // No retry and no error for a status, so that the shell shows the API's own response.
        await api(filled, {
          ...init,
          signal,
          retry: 0,
          throwHttpErrors: false,
          timeout: false,
          hooks: { beforeRequest: [beforeRequest] },
        })
    // The response of a custom `fetch` may have no URL.
    const url = new URL(response.url === '' ? asked : response.url)
    return { url, response, bytes: new Uint8Array(await response.arrayBuffer()) }
  } catch (failure) {
    if (failure instanceof NightlatchError) throw failure
    if (signal.aborted) {
      throw new CommandError('api_timed_out', `${target.name}: the API did not respond within ${timeout} s`)
    }
    const { origin } = new URL(asked)
    const { said, hints } = explainNetworkFailure(readNetworkFailure(failure))
    throw new CommandError('api_unavailable', `${target.name}: the API at ${origin} ${said}`, { hints })
  }
}

async function fillPlaceholders(target: Target, client: Client, path: string): Promise<string> {
  let filled = path
  for (const [placeholder, find] of Object.entries(target.placeholders)) {
    if (filled.includes(placeholder)) {
      filled = filled.replaceAll(placeholder, encodeURIComponent(find(await client.info())))
    }
  }
  return filled
}

function isWhole(path: string): boolean {
  return /^https?:\/\//i.test(path)
}

/** The body as JSON, or else as text; `undefined` if it is empty. */
function readBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined
  const text = new TextDecoder().decode(bytes)
  const parsed = parseJson(text)
  return parsed === undefined ? text : parsed
}

/** `undefined` if the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Prints the body unchanged; at a terminal, JSON is indented. */
function printAnswer({ response, bytes }: Answer, body: unknown, flags: CallFlags, io: Io, output: Output): void {
  if (flags.include === true) {
    output.print(`HTTP ${response.status} ${response.statusText}`.trim())
    for (const [name, value] of response.headers) output.print(`${name}: ${value}`)
    output.print('')
  }
  if (bytes.length === 0) return
  if (io.terminal.stdout && typeof body === 'object') output.print(JSON.stringify(body, undefined, 2))
  else output.printBody(bytes)
}
