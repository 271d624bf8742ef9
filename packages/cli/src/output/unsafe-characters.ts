/**
 * Characters that control a terminal or are invisible: C0 and C1 controls except tab and line feed, line and paragraph
 * separators, bidirectional marks and isolates, zero-width and other ignorable characters.
 */
export const unsafe: RegExp = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/**
 * Escapes each unsafe character as `\uXXXX`, so that a terminal shows it. In a JSON document the escape means the same
 * string.
 */
export function escapeUnsafe(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(unsafe, escapeUnits)
}

/** Escapes each UTF-16 unit as `\uXXXX`. */
export function escapeUnits(text: string): string {
  return Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  )
}
