import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { licences, type PackagePolicy, policies } from '../src/package-policy.ts'
import { productionTree } from '../src/production-tree.ts'
import { repositoryUrl, scope } from '../src/project.ts'
import { readModule } from '../src/read-module.ts'
import { filesIn, type Manifest, publishedPackages, readText, repositoryFiles, root } from '../src/read-repository.ts'

/** What docs/dependencies.md promises. */
const packages = publishedPackages()
const own = packages.map(({ manifest }) => manifest.name)
const none: Pick<PackagePolicy, 'dependencies' | 'peers' | 'bundled'> = { dependencies: [], peers: [], bundled: [] }

const said = 'To change this, change tools/src/package-policy.ts, and say why in docs/decisions.md'

// An assertion that fails does not end these tests, so that one run lists every package that is wrong.
describe('each published package', () => {
  it('has a policy', () => {
    const page = readText('docs/dependencies.md')
    expect(
      packages.map(({ slug }) => slug).filter((slug) => policies[slug] === undefined),
      said,
    ).toEqual([])
    const names = packages.map(({ manifest }) => manifest.name)
    expect(names.filter((name) => !page.includes(`| \`${name}\` `))).toEqual([])
  })

  it('depends only on what its policy allows', () => {
    for (const { slug, manifest } of packages) {
      const { dependencies, peers } = policies[slug] ?? none
      const hint = `${slug}: ${said}`
      expect.soft(Object.keys(manifest.dependencies ?? {}).sort(), hint).toEqual([...dependencies].sort())
      const core = manifest.name === `${scope}/core` || dependencies.includes(`${scope}/core`) ? [] : [`${scope}/core`]
      expect.soft(Object.keys(manifest.peerDependencies ?? {}).sort(), hint).toEqual([...core, ...peers].sort())
      expect.soft(Object.keys(manifest), slug).not.toContain('optionalDependencies')
    }
  })

  it('bundles only what its policy allows, with attribution', () => {
    for (const { slug, folder, manifest } of packages) {
      const { bundled } = policies[slug] ?? none
      const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
      const imports = filesIn(folder, 'src/**/*.ts').flatMap(
        (file) => readModule(file, readText(join(folder, file))).imports,
      )
      const found = imports
        .filter((specifier) => !/^(\.|node:)/.test(specifier))
        .map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'))
        .filter((name) => !declared.includes(name))
      expect.soft([...new Set(found)].sort(), `${slug}: ${said}`).toEqual([...bundled].sort())
      for (const { name, copyright } of productionTree(bundled, join(root, folder), own)) {
        expect.soft(copyright, `${slug}: ${name} names nobody`).toBeDefined()
        expect.soft(readText(`${folder}/LICENSE`), slug).toContain(copyright)
      }
    }
  })

  it('has only dependencies with permissive licences and without install scripts', () => {
    for (const { slug, folder, manifest } of packages) {
      const { bundled } = policies[slug] ?? none
      const brought = productionTree([...Object.keys(manifest.dependencies ?? {}), ...bundled], join(root, folder), own)
      const wrong = brought.filter(({ licence }) => !licences.includes(licence ?? 'none'))
      expect
        .soft(
          wrong.map(({ name, licence }) => `${name}: ${licence}`),
          slug,
        )
        .toEqual([])
      const running = brought.filter(({ installScripts }) => installScripts.length > 0)
      expect
        .soft(
          running.map(({ name, installScripts }) => `${name}: ${installScripts.join()}`),
          slug,
        )
        .toEqual([])
      expect.soft(installScriptsOf(manifest), `${slug} runs nothing itself`).toEqual([])
    }
  })

  it('is published publicly, with provenance', () => {
    for (const { slug, folder } of packages) {
      expect.soft(JSON.parse(readText(`${folder}/package.json`)), slug).toMatchObject({
        publishConfig: { access: 'public', provenance: true },
        repository: { url: `git+${repositoryUrl}.git`, directory: folder },
        license: 'MIT',
      })
    }
  })
})

describe('versions', () => {
  it('are only in the catalog', () => {
    const manifests = repositoryFiles().filter((file) =>
      /^((packages|examples)\/[^/]+|benchmarks|tools)\/package\.json$/.test(file),
    )
    expect(manifests.length).toBeGreaterThan(packages.length)
    const elsewhere = manifests.flatMap((file) => {
      const { dependencies, devDependencies, peerDependencies } = JSON.parse(readText(file)) as Record<
        string,
        Readonly<Record<string, string>> | undefined
      >
      return Object.entries({ ...peerDependencies, ...devDependencies, ...dependencies })
        .filter(([, version]) => version !== 'catalog:' && !version.startsWith('workspace:'))
        .map(([name, version]) => `${file}: ${name} ${version}`)
    })
    expect(elsewhere).toEqual([])
  })

  it('of all installed packages are locked by a digest, and come from the registry', () => {
    const lines = readText('pnpm-lock.yaml').match(/^ {4}resolution: .*$/gm) ?? []
    expect(lines.length).toBeGreaterThan(100)
    // What is not a package of the registry has a tarball's URL, a commit or a folder here.
    expect(lines.filter((line) => !/^ {4}resolution: \{integrity: sha512-[A-Za-z0-9+/=]+\}$/.test(line))).toEqual([])
  })

  it('are restricted by pnpm’s settings', () => {
    const wanted = [
      'catalogMode: strict',
      'blockExoticSubdeps: true',
      'minimumReleaseAge: 1440',
      'trustPolicy: no-downgrade',
    ]
    const settings = readText('pnpm-workspace.yaml')
    expect(wanted.filter((setting) => !settings.includes(setting))).toEqual([])
  })
})

it('only the install script of node runs', () => {
  const { allowBuilds } = parse(readText('pnpm-workspace.yaml')) as { allowBuilds: Readonly<Record<string, boolean>> }
  expect(Object.keys(allowBuilds).filter((name) => allowBuilds[name])).toEqual(['node'])
})

describe('the production tree', () => {
  it('reports licences and install scripts, also of indirect dependencies', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-tree-'))
    try {
      const install = (name: string, manifest: object, licence = ''): void => {
        mkdirSync(join(folder, 'node_modules', name), { recursive: true })
        writeFileSync(
          join(folder, 'node_modules', name, 'package.json'),
          JSON.stringify({ name, version: '1.0.0', ...manifest }),
        )
        writeFileSync(join(folder, 'node_modules', name, 'LICENSE'), licence)
      }
      install('ours', { dependencies: { deep: '*' }, optionalDependencies: { absent: '*' } })
      install(
        'deep',
        { license: 'GPL-3.0', scripts: { postinstall: 'node steal.js' } },
        'MIT\n\nCopyright (c) Somebody\n',
      )
      expect(productionTree(['ours'], folder, ['ours'])).toMatchObject([
        { name: 'deep', licence: 'GPL-3.0', installScripts: ['postinstall'], copyright: 'Copyright (c) Somebody' },
      ])
      install('ours', { dependencies: { absent: '*' } })
      expect(() => productionTree(['ours'], folder, [])).toThrow('absent is not installed')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

function installScriptsOf({ scripts = {} }: Manifest): readonly string[] {
  return ['preinstall', 'install', 'postinstall', 'prepare'].filter((script) => scripts[script] !== undefined)
}
