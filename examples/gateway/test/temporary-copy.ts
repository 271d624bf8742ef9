import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const examples = join(import.meta.dirname, '..')

/** A folder with copies of the example's files. */
export interface TemporaryCopy extends AsyncDisposable {
  readonly folder: string
  /** Replaces each text in a file of the folder; a text that is not there is an error. */
  edit(file: string, replacements: Readonly<Record<string, string>>): Promise<string>
}

/** Copies files of the example, by their names from its folder, into a temporary folder. */
export async function copyFiles(...files: readonly string[]): Promise<TemporaryCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-example-'))
  for (const file of files) await cp(join(examples, file), join(folder, basename(file)), { recursive: true })
  return {
    folder,
    async edit(file, replacements) {
      let text = await readFile(join(folder, file), 'utf8')
      for (const [from, to] of Object.entries(replacements)) {
        if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
        text = text.replaceAll(from, to)
      }
      await writeFile(join(folder, file), text)
      return text
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
