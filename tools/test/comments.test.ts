import { describe, expect, it } from 'vitest'
import { compileBlocks } from '../src/compile-blocks.ts'
import { commentsIn, examplesIn } from '../src/read-comments.ts'
import type { CodeBlock } from '../src/read-documents.ts'
import { readModule } from '../src/read-module.ts'
import { filesIn, publishedPackages, readText } from '../src/read-repository.ts'

/** Phrases that have a plain word: the word to use instead, and the phrases. */
const phrases: Readonly<Record<string, RegExp>> = {
  'in the background':
    /\bbehind (the|its|their) (callers?|users?)['’]s? backs?\b|\b(refresh|fetch|fly|flown)(es|ed|ing)? ahead\b/i,
  'return, serve': /\bhand(s|ed|ing)? (it )?out\b/i,
  'report, emit, say': /\b(is|are|was|were|be|been|being) told\b|\btold apart\b/i,
  'name the caller, the client or the user': /\b(whoever|nobody|somebody|anybody)\b/i,
  'expire, expired': /\bits time is up\b|\bgone by\b/i,
  'task, request, acquire': /\bpilot\b|\bon board\b/i,
  'rejected token, failed grant': /\brefused (token|grant)s?\b/i,
  'allowed origin': /\bmay (not )?see (the|a|no) tokens?\b/i,
  'not supported': /\bhas no such thing\b/i,
  'invalid lifetime': /\blifetimes? (that|may) lies?\b/i,
  'store unavailable': /\b(unwell|bad store)\b/i,
  'layer, foreign': /\b(the|three) rooms\b|\bstrangers?\b/i,
}

const sources = publishedPackages().flatMap(({ folder }) =>
  filesIn(`${folder}/src`, '**/*.ts').map((name) => ({
    file: `${folder}/src/${name}`,
    text: readText(`${folder}/src/${name}`),
  })),
)

function offencesIn(file: string, text: string): readonly string[] {
  return commentsIn(file, text).flatMap((comment) =>
    Object.entries(phrases).flatMap(([instead, phrase]) => {
      const found = phrase.exec(comment.text)?.[0]
      return found === undefined ? [] : [`${file}:${comment.line}: "${found}" (write: ${instead})`]
    }),
  )
}

describe('comments are in plain words', () => {
  it('contain none of the phrases that have a plain word', () => {
    expect(sources.length).toBeGreaterThan(0)
    expect(sources.flatMap(({ file, text }) => offencesIn(file, text))).toEqual([])
  })

  it.each([
    ['/** A refresh behind the callers’ backs. */', 'behind the callers’ backs'],
    ['/**\n * Nobody\n * waits.\n */', 'Nobody'],
    ['// The caller is\n// told.', 'is told'],
    ['const x = 1 // handed out', 'handed out'],
  ])('%j: the phrase is found', (text, phrase) => {
    expect(offencesIn('a.ts', text)).toEqual([expect.stringMatching(/^a\.ts:1: /)])
    expect(offencesIn('a.ts', text)[0]).toContain(phrase)
  })

  it.each(["const a = 'nobody'", '// The clock is ahead.', 'const a = 1 // is\n\nconst b = 1 // told'])(
    '%j: no phrase is found',
    (text) => {
      expect(offencesIn('a.ts', text)).toEqual([])
    },
  )
})

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
