/** Writes a bill of materials (CycloneDX, JSON) for each published package into the given folder: `core.cdx.json`, ... */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { policies } from './package-policy.ts'
import { publishedPackages } from './read-repository.ts'
import { readSboms } from './sbom.ts'

const folder = resolve(process.argv[2] ?? 'sboms')
mkdirSync(folder, { recursive: true })
const packages = publishedPackages()
for (const [slug, sbom] of readSboms(packages, policies)) {
  const file = join(folder, `${slug}.cdx.json`)
  writeFileSync(file, `${JSON.stringify(sbom, null, 2)}\n`)
  process.stdout.write(`${file}\n`)
}
