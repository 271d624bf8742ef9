import { describe, expect, it } from 'vitest'
import { compileBlocks } from '../src/compile-blocks.ts'
import { examplesIn } from '../src/read-comments.ts'
import type { CodeBlock } from '../src/read-documents.ts'
import { readModule } from '../src/read-module.ts'
import { filesIn, publishedPackages, readText } from '../src/read-repository.ts'

const libraries = publishedPackages()
  .filter(({ isLibrary }) => isLibrary)
  .map(({ folder, manifest: { name } }) => ({
    name,
    folder,
    exported: readModule('index.ts', readText(`${folder}/src/index.ts`)),
    sources: filesIn(`${folder}/src`, '**/*.ts').map((file) => ({
      file: `${folder}/src/${file}`,
      text: readText(`${folder}/src/${file}`),
    })),
  }))

/** Of the vendors, these stand for all: each function takes its vendor's options and returns a provider. */
const shownVendors: readonly string[] = ['entraId', 'auth0', 'okta', 'keycloak']

describe('examples in docstrings', () => {
  const functions = libraries.flatMap(({ name: library, exported, sources }) =>
    exported.values.flatMap((name) => {
      const declaration = new RegExp(`((?: \\*.*\\n)+)export (?:async )?function ${name}\\b(.*)`)
      const [, comment = '', rest = ''] = sources.map(({ text }) => declaration.exec(text)).find((one) => one) ?? []
      return comment === '' ? [] : [{ library, name, comment, isVendor: isVendor(library, name, rest) }]
    }),
  )

  it('stand at each exported function, and at the best known vendors', () => {
    expect(functions.length).toBeGreaterThan(60)
    const required = functions.filter(({ name, isVendor }) => !isVendor || shownVendors.includes(name))
    expect(required.length).toBeGreaterThan(45)
    const lacking = required.filter(({ comment }) => !/ \* @example\n \* ```ts\n/.test(comment))
    expect(lacking.map(({ library, name }) => `${library}: ${name}`)).toEqual([])
  })

  it('compile', { timeout: 600_000 }, async () => {
    const examples = libraries.flatMap(({ name, sources }) =>
      sources.flatMap(({ file, text }) => examplesIn(file, text).map((block) => withContext(block, name))),
    )
    expect(examples.length).toBeGreaterThan(functions.filter(({ isVendor }) => !isVendor).length)
    expect(await compileBlocks(examples)).toEqual([])
  })
})

function isVendor(library: string, name: string, rest: string): boolean {
  return library === '@nightlatch/providers' && name !== 'loadPreset' && /\): Provider\b/.test(rest)
}

/** What an example may leave out, with its type. */
const context: Readonly<Record<string, string>> = {
  acme: "import('@nightlatch/core').Provider",
  client: "import('@nightlatch/core').Client",
  options: 'object',
  credentials: "import('@nightlatch/core').Credentials",
  pem: 'string',
  readSecret: "(name: string) => Promise<import('@nightlatch/core').Credentials>",
  mutualTls: 'typeof globalThis.fetch',
  sdk: '{ start(): void }',
  encryptionKeys: 'readonly CryptoKey[]',
}

/** Adds what an example leaves out, on its first line, so that complaints keep their line: imports, and names of the context. */
function withContext(block: CodeBlock, ownName: string): CodeBlock {
  const used = new Set(block.code.match(/[A-Za-z_]\w*/g))
  const known = new Set(
    [...block.code.matchAll(/^import (.*) from '|^(?:await using|const) (\w+|[{[].*?[}\]])[: ]/gm)].flatMap(
      ([, imported, declared]) => (imported ?? declared)?.match(/\w+/g) ?? [],
    ),
  )
  const added: string[] = []
  for (const { name, exported } of libraries.toSorted((a, b) => rank(a.name) - rank(b.name))) {
    const take = (names: readonly string[]): readonly string[] =>
      names.filter((one) => used.has(one) && !known.has(one))
    const [values, types] = [take(exported.values), take(exported.types)]
    for (const one of [...values, ...types]) known.add(one)
    const specifiers = [...values, ...types.map((one) => `type ${one}`)]
    if (specifiers.length > 0) added.push(`import { ${specifiers.join(', ')} } from '${name}';`)
  }
  for (const [name, type] of Object.entries(context)) {
    if (used.has(name) && !known.has(name)) added.push(`declare const ${name}: ${type};`)
  }
  return { ...block, code: `${added.join(' ')} ${block.code}` }

  function rank(name: string): number {
    return name === ownName ? 0 : name === '@nightlatch/core' ? 1 : 2
  }
}
