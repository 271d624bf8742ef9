/** Creates a package's bill of materials (CycloneDX): pnpm's, with the bundled packages added. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PackagePolicy } from './package-policy.ts'
import { productionTree } from './production-tree.ts'
import { type Package, root } from './read-repository.ts'
import { runCommand } from './run-command.ts'

/** The fields that are read or written here. */
export interface Sbom {
  readonly bomFormat: string
  readonly specVersion: string
  readonly serialNumber: string
  readonly metadata: { readonly timestamp: string; readonly component: SbomComponent }
  readonly components: readonly SbomComponent[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

export interface SbomComponent {
  readonly type: string
  readonly group?: string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly 'bom-ref': string
  readonly licenses?: readonly unknown[]
  readonly externalReferences?: readonly unknown[]
  readonly properties?: readonly { readonly name: string; readonly value: string }[]
}

/** Returns the bills of materials by the packages' slugs. */
export function readSboms(
  packages: readonly Package[],
  policies: Readonly<Record<string, PackagePolicy>>,
): ReadonlyMap<string, Sbom> {
  const ground = mkdtempSync(join(tmpdir(), 'nightlatch-sboms-'))
  try {
    const options = ['--sbom-format', 'cyclonedx', '--sbom-spec-version', '1.6', '--prod', '--exclude-peers', '--split']
    const filters = packages.flatMap(({ folder }) => ['--filter', `./${folder}`])
    const { hasFailed, output } = runCommand(
      'pnpm',
      [...filters, 'sbom', ...options, '--out', join(ground, '%s.json')],
      root,
    )
    if (hasFailed) throw new Error(`pnpm cannot write the bills of materials: ${output}`)
    return new Map(
      packages.map(({ slug, folder, manifest }) => {
        const file = join(ground, `${manifest.name.replace('@', '').replace('/', '-')}.json`)
        const bundled = policies[slug]?.bundled ?? []
        return [slug, withBundled(JSON.parse(readFileSync(file, 'utf8')) as Sbom, bundled, join(root, folder))]
      }),
    )
  } finally {
    rmSync(ground, { recursive: true, force: true })
  }
}

/** Adds the bundled packages, which pnpm omits as development dependencies. What is installed as well is there already. */
function withBundled(sbom: Sbom, names: readonly string[], folder: string): Sbom {
  const installed = sbom.components.map(({ purl }) => purl)
  const all = productionTree(names, folder, []).map(({ name, version, licence }): SbomComponent => {
    const [plain = '', scope] = name.split('/').reverse()
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
    return {
      type: 'library',
      ...(scope !== undefined ? { group: scope } : {}),
      name: plain,
      version,
      purl,
      'bom-ref': purl,
      ...(licence !== undefined ? { licenses: [{ license: { id: licence } }] } : {}),
      properties: [{ name: 'nightlatch:bundled', value: 'true' }],
    }
  })
  const bundled = all.filter(({ purl }) => !installed.includes(purl))
  const refs = bundled.map((component) => component['bom-ref'])
  const self = sbom.metadata.component['bom-ref']
  return {
    ...sbom,
    components: [...sbom.components, ...bundled],
    dependencies: [
      ...sbom.dependencies.filter(({ ref }) => ref !== self),
      ...refs.map((ref) => ({ ref, dependsOn: [] })),
      { ref: self, dependsOn: [...(sbom.dependencies.find(({ ref }) => ref === self)?.dependsOn ?? []), ...refs] },
    ],
  }
}
