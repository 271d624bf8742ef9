/** Prints what is wrong with the project's prose. Parameters are the beginnings of files to check; default all. */
import { judgeProse } from './judge-prose.ts'
import { proseOfCode, proseOfDocuments } from './prose-sources.ts'

const beginnings = process.argv.slice(2)
const all = [...proseOfDocuments(), ...proseOfCode()].filter(
  ({ file }) => beginnings.length === 0 || beginnings.some((beginning) => file.startsWith(beginning)),
)
const offences = (await Promise.all(all.map(judgeProse))).flat()
for (const { file, line, message } of offences) process.stdout.write(`${file}:${line}: ${message}\n`)
process.stdout.write(`${offences.length} offences in ${new Set(all.map(({ file }) => file)).size} files\n`)
if (offences.length > 0) process.exitCode = 1
