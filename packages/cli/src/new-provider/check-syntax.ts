import nodeModule from 'node:module'

/**
 * Parses what is about to be written; a page is no program and is not parsed.
 *
 * @throws Error where it does not parse, which would be a mistake of ours
 */
export function checkSyntax(file: string, text: string): void {
  try {
    if (file.endsWith('.json')) JSON.parse(text)
    // Node's own parser, which is there from 22.13 on.
    if (file.endsWith('.ts')) nodeModule.stripTypeScriptTypes?.(text)
  } catch {
    throw new Error(`${file} would not parse, so nothing was written; please report the flags you used`)
  }
}
