import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** A request to the gateway. */
export interface CallOptions {
  /** Sent as a form by POST, with the caller's name and key as Basic. */
  readonly form?: string
}

/** Calls a URL with a caller's key, and prints the command and the response; the key and tokens are left out. */
export type Call = (caller: string, url: string, options?: CallOptions) => Promise<number>

/** @param by curl as people type it, or `fetch` where curl is not installed */
export function callerOf(
  by: 'curl' | 'fetch',
  keys: Readonly<Record<string, string>>,
  print: (text: string) => void,
): Call {
  const send = by === 'curl' ? sendByCurl : sendByFetch
  return async (caller, url, options = {}) => {
    const { form } = options
    const shown =
      form === undefined ? `-H "Authorization: Bearer $KEY" '${url}'` : `-u ${caller}:$KEY -d ${form} '${url}'`
    print(`$ curl ${shown}`)
    const { status, body } = await send(caller, keys[caller] ?? '', url, options)
    print(`  ${status} ${shorten(summaryOf(body))}`)
    return status
  }
}

interface Answer {
  readonly status: number
  readonly body: string
}

async function sendByCurl(caller: string, key: string, url: string, { form }: CallOptions): Promise<Answer> {
  // The key is in the standard input of curl, because every user of a machine sees the parameters of its programs.
  const config = form === undefined ? `header = "Authorization: Bearer ${key}"` : `user = "${caller}:${key}"`
  const parameters = ['-sS', '-g', '--config', '-', '-w', '\n%{http_code}', ...(form === undefined ? [] : ['-d', form])]
  const running = promisify(execFile)('curl', [...parameters, url])
  running.child.stdin?.end(`${config}\n`)
  const { stdout } = await running
  const end = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) }
}

async function sendByFetch(caller: string, key: string, url: string, { form }: CallOptions): Promise<Answer> {
  const response = await fetch(
    url,
    form === undefined
      ? { headers: { authorization: `Bearer ${key}` } }
      : {
          method: 'POST',
          headers: {
            authorization: `Basic ${btoa(`${caller}:${key}`)}`,
            'content-type': 'application/x-www-form-urlencoded',
          },
          body: form,
        },
  )
  return { status: response.status, body: await response.text() }
}

/** The body without a token; of the gateway's own answers, the code and the sentence. */
function summaryOf(body: string): string {
  const { code, detail } = JSON.parse(body)
  if (typeof code === 'string' && typeof detail === 'string') return `${code}: ${detail}`
  return body.replace(/("access_?token":\s*)"[^"]*"/gi, '$1"..."')
}

function shorten(text: string): string {
  return text.length > 150 ? `${text.slice(0, 150)}...` : text
}
