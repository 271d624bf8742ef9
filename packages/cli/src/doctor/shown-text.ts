const longest = 200

/**
 * Somebody else's words, fit for a terminal: one line, no control characters. What is too long is not shown at all: half a
 * secret would not be known for one.
 */
export function showText(text: string): string {
  const shown = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return shown.length > longest ? `(${shown.length} characters, not shown)` : shown
}

/** A URL without what may hold a secret: no user, no query (rule X2). Any text with a colon may be a URL of another kind. */
export function showUrl(url: URL): string {
  if (!isHttp(url)) return '(no http URL)'
  return showText(`${url.origin}${url.pathname}`)
}

/** The names of an object's fields; a name that does not look like one may be anything, and is not shown. */
export function showNames(fields: object): readonly string[] {
  return Object.keys(fields).map((name) => (/^[A-Za-z_@$][\w.@$:/-]{0,59}$/.test(name) ? name : '(an odd name)'))
}

/** `undefined` for what is no JSON object. */
export function parseObject(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text ?? '')
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** The fields of a JSON document, a list's too, or of a form; `undefined` for anything else. */
export function parseFields(
  text: string | undefined,
  type: string | null | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined
  if (type?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true) {
    return Object.fromEntries(new URLSearchParams(text))
  }
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Where an answer has its values: `data.token`; at most forty places, four levels deep. */
export function showPaths(fields: object, depth = 4): readonly string[] {
  const paths = Object.entries(fields).flatMap(([name, value]) => {
    const [shown = ''] = Array.isArray(fields) ? [name] : showNames({ [name]: value })
    const isNested = typeof value === 'object' && value !== null && Object.keys(value).length > 0
    return isNested && depth > 1 ? showPaths(value, depth - 1).map((path) => `${shown}.${path}`) : [shown]
  })
  return paths.slice(0, 40)
}

export function isHttp({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:'
}
