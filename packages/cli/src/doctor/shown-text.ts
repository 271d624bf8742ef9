const maxLength = 200

/**
 * Text from outside on one line, without control characters. A long text is not shown at all, because redaction would not
 * recognise part of a secret.
 */
export function showText(text: string): string {
  const shown = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return shown.length > maxLength ? `(${shown.length} characters, not shown)` : shown
}

/** Origin and path of an HTTP URL; user name and query may hold a secret (rule X2), and so may a URL of another scheme. */
export function showUrl(url: URL): string {
  if (!isHttp(url)) return '(no http URL)'
  return showText(`${url.origin}${url.pathname}`)
}

/** The field names of an object. An unusual name may be a secret, so it is not shown. */
export function showNames(fields: object): readonly string[] {
  return Object.keys(fields).map((name) => (/^[A-Za-z_@$][\w.@$:/-]{0,59}$/.test(name) ? name : '(an odd name)'))
}

/** `undefined` if the text is not a JSON object. */
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

/** The fields of a JSON object or array, or of a form; `undefined` for other texts. */
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

/** The paths of values, such as `data.token`: at most 40 paths, at most four levels deep. */
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
