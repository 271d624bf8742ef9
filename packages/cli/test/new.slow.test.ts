import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nightlatch } from './run-nightlatch.ts'
import { makeFolder } from './temporary-folder.ts'
import { vendors } from './vendor-flags.ts'

const root = join(import.meta.dirname, '../../..')

/** A project of somebody else's, with the packages from their sources. */
async function makeProject(): Promise<string> {
  const folder = await makeFolder()
  const modules = join(folder, 'node_modules')
  await mkdir(modules)
  await symlink(join(root, 'packages/cli/node_modules/@nightlatch'), join(modules, '@nightlatch'))
  for (const name of ['vitest', 'typescript', '@types'])
    await symlink(join(root, 'node_modules', name), join(modules, name))
  const settings = JSON.parse(await readFile(join(root, 'tsconfig.base.json'), 'utf8'))
  const compilerOptions = { ...settings.compilerOptions, types: ['node'] }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }))
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src', 'test'] }))
  await writeFile(
    join(folder, 'vitest.config.ts'),
    `const conditions = ['@nightlatch/source', 'module', 'import', 'default']
export default {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { include: ['test/**/*.test.ts'], testTimeout: 30_000, maxWorkers: 2 },
}
`,
  )
  return folder
}

/** Runs a program of the repository in a folder; what it printed, where it failed. */
function complaints(folder: string, program: string, ...parameters: readonly string[]): Promise<string> {
  const { VITEST: _, ...env } = process.env
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { ...env, NO_COLOR: '1' }, timeout: 240_000, maxBuffer: 2 ** 26 }
    execFile(join(root, 'node_modules/.bin', program), parameters, options, (error, stdout, stderr) =>
      resolve(error === null ? '' : `${stdout}${stderr}`),
    )
  })
}

describe('what nightlatch new writes', () => {
  it('passes lint, types and tests at once, whatever the vendor', { timeout: 300_000 }, async () => {
    const folder = await makeProject()
    for (const [name, flags] of Object.entries(vendors)) {
      const { status, stderr } = await nightlatch(['new', name, '--dir', folder, ...flags])
      expect({ name, status, stderr }).toEqual({ name, status: 0, stderr: '' })
    }
    const settings = JSON.parse(await readFile(join(root, 'biome.json'), 'utf8'))
    await writeFile(join(folder, 'biome.json'), JSON.stringify({ ...settings, $schema: undefined, vcs: undefined }))
    expect(await complaints(folder, 'biome', 'ci', '--colors=off', '--error-on-warnings', 'src', 'test', 'docs')).toBe(
      '',
    )
    expect(await complaints(folder, 'tsc', '--noEmit')).toBe('')
    const wholly = ['standard', 'json-nested', 'form-post', 'header-key', 'token-in-header', 'header-alone'].map(
      (name) => `test/${name}.test.ts`,
    )
    expect(await complaints(folder, 'vitest', 'run', ...wholly)).toBe('')
    const others = ['plain', 'head-for-nothing', 'query-epoch', 'form-answer', 'code-of-zero', 'default'].map(
      (name) => `test/${name}.test.ts`,
    )
    const about = 'token request|token response'
    expect(await complaints(folder, 'vitest', 'run', '--testNamePattern', about, ...others)).toBe('')
    expect(
      await complaints(folder, 'node', '--conditions=@nightlatch/source', '--test', 'test/bare-text.test.ts'),
    ).toBe('')
  })

  it('a package of the repository passes lint, types and tests at once, too', { timeout: 300_000 }, async () => {
    const folder = await makeFolder()
    await mkdir(join(folder, 'tools'))
    await mkdir(join(folder, 'packages/prevu3d'), { recursive: true })
    for (const file of [
      ...[
        'biome.json',
        'tsconfig.base.json',
        'tsconfig.json',
        'vitest.config.ts',
        'vitest.workspace.ts',
        'package.json',
      ],
      ...['LICENSE', 'packages/prevu3d/LICENSE', 'tools/package.json'],
    ]) {
      await cp(join(root, file), join(folder, file))
    }
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    const { status } = await nightlatch([
      'new',
      'acme',
      '--package',
      '--dir',
      folder,
      ...(vendors['json-nested'] ?? []),
    ])
    expect(status).toBe(0)
    const own = join(folder, 'packages/acme')
    await mkdir(join(own, 'node_modules'))
    await symlink(join(root, 'packages/cli/node_modules/@nightlatch'), join(own, 'node_modules/@nightlatch'))

    const written = ['packages/acme', 'docs', 'tools/package.json']
    expect(
      await complaints(folder, 'biome', 'ci', '--colors=off', '--error-on-warnings', '--vcs-enabled=false', ...written),
    ).toBe('')
    expect(await complaints(folder, 'tsc', '--noEmit', '--project', 'tsconfig.json')).toBe('')
    expect(await complaints(folder, 'vitest', 'run', '--project', 'acme')).toBe('')
    const manifest = JSON.parse(await readFile(join(folder, 'tools/package.json'), 'utf8'))
    expect(Object.keys(manifest.devDependencies)).toContain('@nightlatch/acme')
    const licence = await readFile(join(own, 'LICENSE'), 'utf8')
    expect(licence.startsWith(await readFile(join(root, 'LICENSE'), 'utf8'))).toBe(true)
  })
})
