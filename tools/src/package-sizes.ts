/** Measures a package's size, packed, unpacked and bundled, and compares it with its limits. */
import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import type { PackagePolicy, SizeLimits } from './package-policy.ts'
import type { Check, PackedPackage } from './packed-package.ts'

/** @param project a folder with all packages installed from their tarballs */
export async function weighPackage(
  { slug, manifest, tarball, ground }: PackedPackage,
  policy: PackagePolicy | undefined,
  project: string,
): Promise<Check> {
  if (policy === undefined) {
    return { name: 'its size', problems: [`tools/src/package-policy.ts has no limits for ${slug}`] }
  }
  const { imports, limits } = policy
  const sizes = {
    packed: statSync(tarball).size,
    unpacked: sizeOfFiles(join(ground, 'unpacked')),
    ...(imports !== undefined
      ? { bundled: await weighImport(`export { ${imports} } from '${manifest.name}'`, project, externalsOf(slug)) }
      : {}),
  }
  return { name: `its size (${formatSizes(sizes)})`, problems: overLimits(sizes, limits) }
}

/** Describes every size above its limit; a missing limit counts as 0. */
export function overLimits(sizes: Partial<SizeLimits>, limits: SizeLimits): readonly string[] {
  return (['packed', 'unpacked', 'bundled'] as const).flatMap((name) => {
    const [size, limit] = [sizes[name] ?? 0, limits[name] ?? 0]
    if (size <= limit) return []
    return [`${name}: ${size} bytes exceed the limit of ${limit} in tools/src/package-policy.ts by ${size - limit}`]
  })
}

/** A program that imports another package imports the core as well, so that its size is counted once. */
function externalsOf(slug: string): readonly RegExp[] {
  return slug === 'core' ? [/^node:/] : [/^node:/, /^@nightlatch\/core$/]
}

/** Bytes of a module's initial chunks, minified and gzipped, without dynamic imports. */
async function weighImport(code: string, folder: string, external: readonly RegExp[]): Promise<number> {
  const entry = join(folder, 'weighed.js')
  const bundle = await rolldown({
    input: entry,
    platform: 'neutral',
    logLevel: 'silent',
    external: [...external],
    resolve: { conditionNames: ['import', 'default'], mainFields: ['module', 'main'] },
    plugins: [
      { name: 'weighed', load: (id) => (id === entry ? code : null), resolveId: (id) => (id === entry ? id : null) },
    ],
  })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  await bundle.close()
  const chunks = new Map(output.flatMap((chunk) => (chunk.type === 'chunk' ? [[chunk.fileName, chunk] as const] : [])))
  const loaded = new Set([...chunks].filter(([, { isEntry }]) => isEntry).map(([name]) => name))
  // The loop also visits names that it adds.
  for (const name of loaded) for (const imported of chunks.get(name)?.imports ?? []) loaded.add(imported)
  return [...loaded].reduce((sum, name) => sum + gzipSync(chunks.get(name)?.code ?? '', { level: 9 }).length, 0)
}

function sizeOfFiles(folder: string): number {
  return globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

function formatSizes(sizes: Readonly<Record<string, number>>): string {
  return Object.entries(sizes)
    .map(([name, size]) => `${name} ${(size / 1000).toFixed(1)} kB`)
    .join(', ')
}
