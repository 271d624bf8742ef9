/** What an MCP server's `WWW-Authenticate` header says about the token that it requires. */
export interface Challenge {
  /** An error code of RFC 6750, such as `insufficient_scope`. */
  readonly error: string | undefined
  readonly scopes: readonly string[]
  /** The URL of the server's metadata, as the header has it. */
  readonly resourceMetadata: string | undefined
}

/** A longer header is no challenge of a server that works. */
const maxLength = 8192

/**
 * Reads the parameters of the Bearer and DPoP challenges in a response. The first value of a parameter is used, because servers
 * that support both schemes repeat them.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-5.1 RFC 9728 section 5.1}
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-3 RFC 6750 section 3}
 */
export function readChallenge({ headers }: Pick<Response, 'headers'>): Challenge {
  const header = headers.get('www-authenticate') ?? ''
  const parameters = header.length > maxLength ? new Map<string, string>() : readParameters(header)
  return {
    error: parameters.get('error'),
    scopes: splitScopes(parameters.get('scope')).filter(isScope),
    resourceMetadata: parameters.get('resource_metadata'),
  }
}

/** Whether a text is one scope (RFC 6749 section 3.3): what a server sends in its place may be anything. */
export function isScope(text: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(text)
}

/** Splits a list of scopes at its spaces. */
export function splitScopes(scopes: string | undefined): readonly string[] {
  return scopes?.split(' ').filter((scope) => scope !== '') ?? []
}

/** A scheme, or the name or value of a parameter. */
const token = /[\w!#$%&'*+.^`|~-]+/y

function readParameters(header: string): Map<string, string> {
  const parameters = new Map<string, string>()
  let position = 0
  let isOurs = false
  const take = (): string | undefined => {
    token.lastIndex = position
    const [found] = token.exec(header) ?? []
    position += found?.length ?? 0
    return found
  }
  while (position < header.length) {
    const name = take()
    if (name === undefined) {
      position += 1
      continue
    }
    if (header[position] !== '=') {
      isOurs = ['bearer', 'dpop'].includes(name.toLowerCase())
      continue
    }
    position += 1
    const quoted = readQuoted(header, position)
    position = quoted?.end ?? position
    const value = quoted?.text ?? take()
    const key = name.toLowerCase()
    if (isOurs && value !== undefined && !parameters.has(key)) parameters.set(key, value)
  }
  return parameters
}

/** Reads a value in quotes; `undefined` if none begins here, or its quote does not end. */
function readQuoted(header: string, start: number): { readonly text: string; readonly end: number } | undefined {
  if (header[start] !== '"') return undefined
  let text = ''
  for (let position = start + 1; position < header.length; position += 1) {
    if (header[position] === '"') return { text, end: position + 1 }
    if (header[position] === '\\') position += 1
    text += header[position] ?? ''
  }
  return undefined
}
