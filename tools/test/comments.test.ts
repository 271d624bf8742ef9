import { describe, expect, it } from 'vitest'
import { compileBlocks } from '../src/compile-blocks.ts'
import { examplesIn } from '../src/read-comments.ts'
import type { CodeBlock } from '../src/read-documents.ts'
import { readModule } from '../src/read-module.ts'
import { filesIn, publishedPackages, readText } from '../src/read-repository.ts'

const sources = publishedPackages().flatMap(({ folder }) =>
  filesIn(`${folder}/src`, '**/*.ts').map((name) => ({
    file: `${folder}/src/${name}`,
    text: readText(`${folder}/src/${name}`),
  })),
)

describe('examples in docstrings', () => {
  const core = readModule('index.ts', readText('packages/core/src/index.ts'))
  const examples = sources
    .filter(({ file }) => file.startsWith('packages/core/src/'))
    .flatMap(({ file, text }) => examplesIn(file, text))

  it('stand at the six entry points of the core', () => {
    const isShown = (name: string): boolean =>
      sources.some(({ text }) => new RegExp(`@example\\n(?: \\*.*\\n)+ \\*/\\nexport function ${name}\\b`).test(text))
    const entryPoints = [
      'createClient',
      'createClientPool',
      'memoryStore',
      'privateKeyJwt',
      'clientSecretBasic',
      'readStandardTokenResponse',
    ]
    expect(entryPoints.filter((name) => !isShown(name))).toEqual([])
  })

  it('compile', { timeout: 120_000 }, async () => {
    expect(examples.length).toBeGreaterThan(0)
    expect(await compileBlocks(examples.map(withContext))).toEqual([])
  })

  /** Adds the imports and the names that an example leaves out, on its first line, so that complaints keep their line. */
  function withContext(block: CodeBlock): CodeBlock {
    const imported: readonly string[] =
      /^import \{(.*)\} from '@nightlatch\/core'$/m.exec(block.code)?.[1]?.match(/\w+/g) ?? []
    const values = core.values.filter((name) => !imported.includes(name))
    const types = core.types.filter((name) => !imported.includes(name)).map((name) => `type ${name}`)
    const context = {
      acme: 'Provider',
      client: 'Client',
      options: 'object',
      credentials: 'Credentials',
      pem: 'string',
      readSecret: '(name: string) => Promise<Credentials>',
    }
    const declared = Object.entries(context)
      .filter(([name]) => !block.code.includes(`const ${name}`))
      .map(([name, type]) => `declare const ${name}: ${type};`)
    const imports = `import { ${[...values, ...types].join(', ')} } from '@nightlatch/core';`
    return { ...block, code: `${imports} ${declared.join(' ')} ${block.code}` }
  }
})
