/** Uses the packed packages like a user: installs them in a new project, imports them and compiles against them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Check, PackedPackage } from './packed-package.ts'
import { scope } from './project.ts'
import { readDocument } from './read-documents.ts'
import { readText, root } from './read-repository.ts'
import { problemsOf, runCommand } from './run-command.ts'

const RESOLUTIONS: Readonly<Record<string, object>> = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
}

const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  'with the DOM': ['es2024', 'dom', 'dom.iterable', 'dom.asynciterable'],
  'without the DOM': ['es2024'],
}

export function* tryPackages(packages: readonly PackedPackage[], folder: string): Generator<Check> {
  const libraries = packages.filter(({ isLibrary }) => isLibrary).map(({ manifest }) => manifest.name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }))

  const tarballs = packages.map(({ tarball }) => tarball)
  const install = ['install', '--no-audit', '--no-fund', ...tarballs]
  yield { name: 'npm installs them', problems: problemsOf(runCommand('npm', install, folder)) }

  for (const name of libraries) {
    const load = (inputType: string, expression: string): readonly string[] => {
      const code = `if (Object.keys(${expression}).length === 0) throw new Error('exports nothing')`
      return problemsOf(runCommand(process.execPath, [`--input-type=${inputType}`, '--eval', code], folder))
    }
    yield { name: `Node imports ${name}`, problems: load('module', `await import('${name}')`) }
    yield { name: `Node requires ${name}`, problems: load('commonjs', `require('${name}')`) }
  }
  for (const { manifest } of packages) {
    for (const command of Object.keys(manifest.bin ?? {})) {
      const help = runCommand(join(folder, 'node_modules/.bin', command), ['--help'], folder)
      yield { name: `${command} --help succeeds`, problems: problemsOf(help) }
    }
  }

  const imports = libraries.map((name) => `import '${name}'\n`).join('')
  writeFileSync(join(folder, 'everything.ts'), imports)
  writeFileSync(join(folder, 'everything.cts'), imports) // CommonJS: each import becomes a `require`
  const [example] = readDocument('README.md', readText('README.md')).blocks.filter(({ language }) => language === 'ts')
  writeFileSync(join(folder, 'example.ts'), example?.code ?? '')
  for (const [resolution, settings] of Object.entries(RESOLUTIONS)) {
    for (const [library, lib] of Object.entries(LIBRARIES)) {
      yield { name: `compiles, ${resolution}, ${library}`, problems: compile(folder, { ...settings, lib }) }
    }
  }
}

/** Returns the compiler's errors in our declarations and in the project, without those in dependencies' declarations. */
function compile(folder: string, settings: object): readonly string[] {
  const compilerOptions = {
    ...settings,
    target: 'es2023',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts', '*.cts'] }))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { output } = runCommand(process.execPath, [compiler, '--project', folder, '--pretty', 'false'], folder)
  const errors = output === '' ? [] : output.replace(/\n\s+/g, ' ').split('\n')
  return errors.filter((line) => !line.startsWith('node_modules/') || line.startsWith(`node_modules/${scope}/`))
}
