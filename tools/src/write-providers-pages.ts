/** Writes the generated tables of the documents about `@nightlatch/providers`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatedTables, renderDocument } from './providers-page.ts'
import { readText, root } from './read-repository.ts'

for (const file of Object.keys(generatedTables)) {
  writeFileSync(join(root, file), await renderDocument(file, readText(file)))
}
