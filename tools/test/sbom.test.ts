import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { policies } from '../src/package-policy.ts'
import { productionTree } from '../src/production-tree.ts'
import { publishedPackages, root } from '../src/read-repository.ts'
import { readSboms, type SbomComponent } from '../src/sbom.ts'

describe('the bill of materials', () => {
  const packages = publishedPackages()
  const sboms = readSboms(packages, policies)

  for (const { slug, folder, manifest } of packages) {
    const sbom = sboms.get(slug)
    const components = sbom?.components ?? []

    it(`of ${slug} is CycloneDX, of this package and this version`, () => {
      expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 })
      expect(sbom?.serialNumber).toMatch(/^urn:uuid:[0-9a-f-]{36}$/)
      expect(Date.parse(sbom?.metadata.timestamp ?? '')).not.toBeNaN()
      const { component } = sbom?.metadata ?? {}
      expect(component && nameOf(component)).toBe(`${manifest.name}@${manifest.version}`)
      expect(component?.purl).toBe(`pkg:npm/${manifest.name.replace('@', '%40')}@${manifest.version}`)
    })

    it(`of ${slug} names all that is installed with it or built into it, and nothing else`, () => {
      const brought = [...Object.keys(manifest.dependencies ?? {}), ...(policies[slug]?.bundled ?? [])]
      const installed = productionTree(brought, join(root, folder), []).map(({ name, version }) => `${name}@${version}`)
      expect(components.map(nameOf).sort()).toEqual([...new Set(installed)].sort())
    })

    it(`of ${slug} tells of each part its licence, and what it rests on`, () => {
      for (const component of components) {
        expect(component).toMatchObject({ type: 'library', licenses: [{ license: { id: expect.any(String) } }] })
        expect(component['bom-ref']).toBe(component.purl)
      }
      const refs = [sbom?.metadata.component['bom-ref'], ...components.map(({ purl }) => purl)]
      expect((sbom?.dependencies ?? []).map(({ ref }) => ref).sort()).toEqual(refs.sort())
      for (const { dependsOn } of sbom?.dependencies ?? []) expect(refs).toEqual(expect.arrayContaining([...dependsOn]))
    })
  }
})

function nameOf({ group, name, version }: SbomComponent): string {
  return `${group === undefined ? '' : `${group}/`}${name}@${version}`
}
