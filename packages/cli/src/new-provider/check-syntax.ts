import nodeModule from 'node:module'

/**
 * Parses a generated JSON or TypeScript file before it is written.
 *
 * @throws Error if it does not parse, which is a bug in the command line
 */
export function checkSyntax(file: string, text: string): void {
  try {
    if (file.endsWith('.json')) JSON.parse(text)
    // Node has this parser since 22.13.
    if (file.endsWith('.ts')) nodeModule.stripTypeScriptTypes?.(text)
  } catch {
    throw new Error(`${file} does not parse, so nothing was written. Please report this bug with the flags you used`)
  }
}
