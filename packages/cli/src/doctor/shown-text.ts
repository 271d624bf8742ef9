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

export function isHttp({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:'
}
