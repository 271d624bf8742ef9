import nodeModule from 'node:module'

/**
 * Parses what is about to be written; a page is no program and is not parsed.
 *
 * @throws Error where it does not parse, which would be a mistake of ours
 */
export function checkSyntax(file: string, text: string): void {
  try {
    if (file.endsWith('.json')) JSON.parse(text)
    if (file.endsWith('.ts')) parseTypeScript(text)
  } catch {
    throw new Error(`${file} would not parse, so nothing was written; please report the flags you used`)
  }
}

/** Node's own parser, which is there from 22.13 on. */
function parseTypeScript(text: string): void {
  const { emitWarning } = process
  // It warns of being experimental, once, which would stand among our own words.
  process.emitWarning = () => undefined
  try {
    nodeModule.stripTypeScriptTypes?.(text)
  } finally {
    process.emitWarning = emitWarning
  }
}
