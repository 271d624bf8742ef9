/**
 * Characters that a terminal obeys or does not show: C0 and C1 controls (ESC among them) except tab and line feed,
 * line and paragraph separators, bidirectional marks and isolates, zero-width and other ignorable characters.
 */
export const unsafe: RegExp = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/**
 * Text that a terminal shows and does not obey: each unsafe character as `\uXXXX`. In a JSON document that is the same
 * string; anywhere else a reader sees what was there.
 */
export function escapeUnsafe(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(unsafe, escapeUnits)
}

/** Each UTF-16 unit as `\uXXXX`. */
export function escapeUnits(text: string): string {
  return Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  )
}
