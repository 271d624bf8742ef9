/** Packs all packages into the emptied folder `tarballs` and prints how to install them; requires a build. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { packPackage } from './packed-package.ts'
import { publishedPackages, root } from './read-repository.ts'

const folder = join(root, 'tarballs')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
for (const published of publishedPackages()) process.stdout.write(`${packPackage(published, folder)}\n`)
process.stdout.write(`\nIn your own project:\n\n  npm install '${folder}'/*.tgz\n`)
