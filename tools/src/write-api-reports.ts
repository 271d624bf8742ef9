/**
 * Writes the public types of each library into its `api.txt`; `--released` also records them as released, after a version
 * bump.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf, isUnreleased, publicTypes, readReport, writeReport } from './api-report.ts'
import { readChangesets } from './read-changesets.ts'
import { readDeclarations } from './read-declarations.ts'
import { exists, publishedPackages, readText, root } from './read-repository.ts'

const isReleasing = process.argv.includes('--released')
const announced = readChangesets().flatMap(({ bumps }) => [...bumps.keys()])

for (const { folder, manifest } of publishedPackages().filter(({ isLibrary }) => isLibrary)) {
  const file = `${folder}/api.txt`
  const before = exists(file) ? readReport(readText(file)) : { types: '', release: undefined }
  const types = publicTypes(readDeclarations(join(root, folder)))
  const isRaised = isReleasing && manifest.version !== '0.0.0' && manifest.version !== before.release?.version
  const release = isRaised ? { version: manifest.version ?? '', digest: digestOf(types) } : before.release
  writeFileSync(join(root, file), writeReport(manifest.name, { types, release }))
  if (types !== before.types) process.stdout.write(`${file} has changed\n`)
  if (isUnreleased({ types, release }) && !announced.includes(manifest.name)) {
    process.stdout.write(`${manifest.name} requires a changeset. Run: npx -y pnpm@12 changeset\n`)
  }
}
