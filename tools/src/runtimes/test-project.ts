/** Creates a project with the packed packages installed by npm, and the checks as plain ES modules. */
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { packPackage } from '../packed-package.ts'
import { type Package, publishedPackages } from '../read-repository.ts'
import { runCommand } from '../run-command.ts'

export interface TestProject {
  readonly folder: string
  readonly packages: readonly Package[]
}

const suite = join(import.meta.dirname, 'checks')

export async function createTestProject(ground: string): Promise<TestProject> {
  const folder = join(realpathSync(ground), 'project')
  const packages = publishedPackages()
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }))
  const tarballs = packages.map((published) => {
    const destination = join(ground, published.slug)
    mkdirSync(destination)
    return packPackage(published, destination)
  })
  const install = ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs]
  const { hasFailed, output } = runCommand('npm', install, folder)
  if (hasFailed) throw new Error(`npm cannot install the packages: ${output}`)
  await writeSuite(folder, packages)
  return { folder, packages }
}

async function writeSuite(folder: string, packages: readonly Package[]): Promise<void> {
  const libraries = packages.filter(({ isLibrary }) => isLibrary)
  const written = libraries.filter(({ slug }) => existsSync(join(suite, `${slug}.ts`)))
  const bundle = await rolldown({
    input: Object.fromEntries(
      ['runtime-check', ...written.map(({ slug }) => slug)].map((name) => [name, join(suite, `${name}.ts`)]),
    ),
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
  })
  await bundle.write({ dir: join(folder, 'checks'), format: 'esm', minify: false })
  await bundle.close()

  for (const { slug, manifest } of libraries) {
    if (!written.some((library) => library.slug === slug)) {
      writeFileSync(join(folder, 'checks', `${slug}.js`), onlyImported(manifest.name))
    }
    const parts = `import { checks } from './checks/${slug}.js'\nimport { runChecks } from './checks/runtime-check.js'\n`
    const program = `import process from 'node:process'\nconsole.log(JSON.stringify(await runChecks(checks, process.argv[2])))\n`
    const worker = `export default {\n  async fetch(request) {\n    if (typeof process !== 'undefined') throw new Error('this worker has Node APIs')\n    return Response.json(await runChecks(checks, await request.text()))\n  },\n}\n`
    writeFileSync(join(folder, programFile(slug)), parts + program)
    writeFileSync(join(folder, workerFile(slug)), parts + worker)
  }
}

export const programFile = (slug: string): string => `run-${slug}.js`
export const workerFile = (slug: string): string => `worker-${slug}.js`

/** The check of a package without its own checks. */
function onlyImported(name: string): string {
  return `import * as names from '${name}'

export const checks = [
  {
    name: 'it can be imported',
    async run() {
      if (Object.keys(names).length === 0) throw new Error('it exports nothing')
    },
  },
]
`
}
