import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { policies } from '../src/package-policy.ts'
import { productionTree } from '../src/production-tree.ts'
import { publishedPackages, root } from '../src/read-repository.ts'
import { readSboms, type SbomComponent } from '../src/sbom.ts'

describe('the bill of materials', () => {
  const packages = publishedPackages()
  const sboms = readSboms(packages, policies)

  it('of each package is CycloneDX, of this package and this version', () => {
    for (const { slug, manifest } of packages) {
      const sbom = sboms.get(slug)
      expect.soft(sbom, slug).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 })
      expect.soft(sbom?.serialNumber, slug).toMatch(/^urn:uuid:[0-9a-f-]{36}$/)
      expect.soft(Date.parse(sbom?.metadata.timestamp ?? ''), slug).not.toBeNaN()
      const { component } = sbom?.metadata ?? {}
      expect.soft(component && nameOf(component)).toBe(`${manifest.name}@${manifest.version}`)
      expect.soft(component?.purl).toBe(`pkg:npm/${manifest.name.replace('@', '%40')}@${manifest.version}`)
    }
  })

  it('of each package lists exactly the installed and bundled packages', () => {
    for (const { slug, folder, manifest } of packages) {
      const brought = [...Object.keys(manifest.dependencies ?? {}), ...(policies[slug]?.bundled ?? [])]
      const installed = productionTree(brought, join(root, folder), []).map(({ name, version }) => `${name}@${version}`)
      const named = (sboms.get(slug)?.components ?? []).map(nameOf)
      expect.soft(named.sort(), slug).toEqual([...new Set(installed)].sort())
    }
  })

  it('of each package lists licences and dependencies', () => {
    for (const { slug } of packages) {
      const sbom = sboms.get(slug)
      const components = sbom?.components ?? []
      for (const component of components) {
        const licenses = [{ license: { id: expect.any(String) } }]
        expect.soft(component, slug).toMatchObject({ type: 'library', licenses })
        expect.soft(component['bom-ref'], slug).toBe(component.purl)
      }
      const refs = [sbom?.metadata.component['bom-ref'], ...components.map(({ purl }) => purl)]
      expect.soft((sbom?.dependencies ?? []).map(({ ref }) => ref).sort(), slug).toEqual(refs.sort())
      const targets = (sbom?.dependencies ?? []).flatMap(({ dependsOn }) => dependsOn)
      expect
        .soft(
          targets.filter((ref) => !refs.includes(ref)),
          slug,
        )
        .toEqual([])
    }
  })
})

function nameOf({ group, name, version }: SbomComponent): string {
  return `${group === undefined ? '' : `${group}/`}${name}@${version}`
}
