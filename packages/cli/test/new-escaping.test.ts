import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import nodeModule from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { afterAll, describe, expect, it } from 'vitest'
import { checkSyntax } from '../src/new-provider/check-syntax.ts'
import { draftProvider, type ProviderSettings } from '../src/new-provider/provider-draft.ts'
import { codeBlock, codeSpan, docComment, identifier, lineComment, quote } from '../src/new-provider/source-text.ts'
import { writePage } from '../src/new-provider/write-pages.ts'
import { writeProvider } from '../src/new-provider/write-provider.ts'
import { writeEmulation, writeTest } from '../src/new-provider/write-tests.ts'
import { nightlatch } from './run-nightlatch.ts'

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nightlatch-escaping-'))
  folders.push(folder)
  return folder
}

/** Texts that end a comment, a string, a template, a line, a fence or a tag, and then run. */
const attacks: readonly string[] = [
  '*/ pwned() /*',
  '*/\npwned()\n/*',
  "'); pwned(); ('",
  "'\n})\npwned()\n//",
  '"); pwned(); ("',
  '$\u007bpwned()}',
  '`$\u007bpwned()}`',
  '\\',
  "\\'; pwned() //",
  '\n\npwned()\n',
  '\r\u2028pwned()\u2029',
  '\u202e\u2066pwned()\u2069\u200b',
  '</script><script>pwned()</script>',
  '```\n\npwned()\n\n```',
  '`````',
  ']: pwned(), [',
  '__proto__',
  'constructor',
  ': expiresIn pwned()',
]

/** Where a text of a vendor or of a user gets into what is written. */
const places: Readonly<Record<string, (attack: string) => ProviderSettings>> = {
  'a parameter': (attack) => ({ parameter: [`${attack.replaceAll('=', '')}=${attack}`, `audience=${attack}`] }),
  'a scope': (attack) => ({ scope: attack }),
  'a grant type': (attack) => ({ grantType: attack }),
  'a name of the credentials': (attack) => ({
    clientAuthentication: 'post',
    clientIdName: attack,
    clientSecretName: `${attack}2`,
  }),
  'the path and the query of a URL': (attack) => ({
    tokenEndpoint: `https://a.example/*/${attack.replace(/[{}<>#]/g, '')}?x=${attack.replace(/[{}<>#]/g, '')}`,
    apiUrl: `https://b.example/*/${attack.replace(/[{}<>#]/g, '')}`,
  }),
  'the names of a sample': (attack) => ({
    sample: JSON.stringify({ [attack]: { token: 'abc.def', [attack]: 1, expires_in_ms: 3_600_000, scope: attack } }),
  }),
  'the names of a lifetime': (attack) => ({
    sample: JSON.stringify({ token: 'abc.def', [`expires ${attack}`]: 3600, [attack]: [attack, { [attack]: 1 }] }),
  }),
  'the values of a sample': (attack) => ({
    sample: JSON.stringify({
      jwt: 'abc.def',
      token_type: attack,
      code: 0,
      msg: attack,
      scope: attack,
      expires: attack,
    }),
  }),
  'a sample that is a form': (attack) => ({
    sample: new URLSearchParams({ token: 'abcdef', expire: '3600', msg: attack, x: attack }).toString(),
  }),
  'a sample that is a list': (attack) => ({ sample: JSON.stringify([{ token: 'abc.def', [attack]: attack }]) }),
  'a header of a sample': (attack) => ({
    sample: `HTTP/1.1 201 ${attack.replace(/\s/g, ' ')}\r\nx-${attack.replace(/\s/g, '')}-token: real-token\r\nx-subject-token: real\r\n\r\n{}`,
  }),
}

/** Runs a module with nothing real behind its imports; what it exports. */
function runModule(source: string): { readonly exports: Record<string, unknown>; readonly pwned: number } {
  const { emitWarning } = process
  process.emitWarning = () => undefined
  const script = nodeModule.stripTypeScriptTypes(source)
  process.emitWarning = emitWarning
  const exports: Record<string, unknown> = {}
  let pwned = 0
  const imported: Record<string, unknown> = {}
  const body = script
    .replace(/^import\s+\{([^}]*)\}\s+from\s+.*$/gm, (_, names: string) => {
      for (const name of names.split(',')) {
        imported[name.trim()] = (...given: readonly unknown[]) => (given.length === 1 ? given[0] : given)
      }
      return ''
    })
    .replace(/^export function (\w+)/gm, 'exports.$1 = $1\nfunction $1')
  delete imported['']
  runInNewContext(`'use strict';\n${body}`, {
    ...imported,
    exports,
    URLSearchParams,
    pwned: () => {
      pwned += 1
    },
  })
  return { exports, pwned }
}

describe('what a vendor or a user wrote', () => {
  for (const [place, wish] of Object.entries(places)) {
    it(`is text, and nothing else, in ${place}`, () => {
      for (const attack of attacks) {
        const settings: ProviderSettings = { tokenEndpoint: 'https://a.example/token', ...wish(attack) }
        const draft = draftProvider('acme', settings)
        const provider = writeProvider(draft).text
        const emulation = writeEmulation(draft).text
        const test = writeTest(draft, { provider: '../src/acme.ts', emulation: './acme-emulation.ts' }).text
        for (const source of [provider, emulation, test]) {
          expect(() => checkSyntax('x.ts', source), source).not.toThrow()
          expect(source).not.toMatch(/[\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b]/)
        }
        const { exports, pwned } = runModule(provider)
        const described = (exports.acme as () => Record<string, unknown>)()
        expect(pwned + runModule(emulation).pwned + runModule(test).pwned, attack).toBe(0)
        // What was meant is what is there.
        expect(described.tokenEndpoint).toBe(draft.tokenEndpoint.href)
        expect({ ...Object(described.parameters) }).toEqual(draft.parameters)
        expect(Object.keys(Object(described.parameters))).toEqual(Object.keys(draft.parameters))
        expect([...((described.scopes as readonly string[] | undefined) ?? [])]).toEqual(draft.scopes)
        expect(pageOutsideCode(writePage(draft, '../src/acme.ts').text), attack).not.toMatch(/pwned|<script/)
      }
    })
  }

  it('is refused where a header cannot hold it', () => {
    for (const attack of ['a\nb: c', 'a\u0000', 'a\u202e', 'ü']) {
      const settings = { tokenEndpoint: 'https://a.example/token', header: [`x-note: ${attack}`] }
      expect(() => draftProvider('acme', settings)).toThrow('printable ASCII')
    }
  })
})

/** A page without its blocks of code and its inline code, by CommonMark: what is left is markup. */
function pageOutsideCode(page: string): string {
  const kept: string[] = []
  let fence: string | undefined
  for (const line of page.split('\n')) {
    const [, marks = ''] = /^(`{3,})/.exec(line) ?? []
    if (fence === undefined && marks !== '') fence = marks
    else if (fence !== undefined && marks.length >= fence.length && line.trim() === marks) fence = undefined
    else if (fence === undefined) kept.push(line.replace(/(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)/g, ''))
  }
  expect(fence).toBeUndefined()
  return kept.join('\n')
}

describe('each place of a text has its own escape', () => {
  it('a string literal is that string again', () => {
    for (const attack of attacks) expect(runInNewContext(quote(attack).text)).toBe(attack)
  })

  it('a comment ends where it should', () => {
    for (const attack of attacks) {
      expect(runInNewContext(`${docComment`x ${attack}`.text} 1`)).toBe(1)
      expect(runInNewContext(`${lineComment`x ${attack}`.text}\n2`)).toBe(2)
    }
  })

  it('a name that is none is refused', () => {
    for (const attack of attacks.filter((text) => !/^\w+$/.test(text))) expect(() => identifier(attack)).toThrow()
  })

  it('Markdown: a span and a block hold any text', () => {
    for (const attack of attacks) {
      expect(pageOutsideCode(`a ${codeSpan(attack).text} b\n${codeBlock('http', attack).text}`)).toBe('a  b\n')
    }
  })
})

describe('what is written is parsed first', () => {
  it('and what does not parse is not written', () => {
    expect(() => checkSyntax('a.ts', 'const a: = 1')).toThrow('a.ts does not parse, so nothing was written')
    expect(() => checkSyntax('a.json', '{"a":}')).toThrow('a.json does not parse')
    expect(() => checkSyntax('a.md', '```')).not.toThrow()
  })
})

describe('a sample', () => {
  const secrets = {
    api_key: 'real-api-key-value',
    apiKey: 'real-api-key-value-2',
    password: 'real-password',
    pwd2: 'realpwd',
    Cookie: 'sid=real-cookie',
    session: 'real-session',
    refresh_token: 'real-refresh',
    id_token: 'eyJ.real.id',
    authorization: 'Bearer real-access-token-value',
    link: 'https://a.example/?t=real-access-token-value',
    part: 'real-access-token',
    message: 'your password is real-words',
    nested: [{ signature: 'real-signature', pin: 9_876_543, otp: 424_242 }],
    'real-access-token-value': { a: 1 },
  }
  const samples: Readonly<Record<string, string>> = {
    JSON: JSON.stringify({
      access_token: 'real-access-token-value',
      expires_in: 3600,
      token_type: 'Bearer',
      ...secrets,
    }),
    'JSON of its own shape': JSON.stringify({ data: { token: 'real-access-token-value', ttl: 60 }, ...secrets }),
    form: 'token=real-access-token-value&password=real-password&api_key=real-key&copy=real-access-token-value&ttl=60',
    head: `HTTP/1.1 200 OK\r\nSet-Cookie: sid=real-cookie\r\nX-Api-Key: real-key\r\nX-Auth-Token: real-access-token-value\r\n\r\n${JSON.stringify({ ...secrets, refresh_token: undefined, session: undefined })}`,
  }

  it.each(Object.entries(samples))('leaves no secret in any file: %s', async (_, sample) => {
    const folder = await makeFolder()
    const { status, stdout } = await nightlatch([
      ...['new', 'acme', '--token-endpoint', 'https://a.example/token', '--sample', sample, '--dir', folder],
    ])
    expect(status).toBe(0)
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    expect(files).toHaveLength(4)
    const written = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')))
    for (const text of [...written, stdout]) expect(text).not.toMatch(/real|9876543|424242/)
  })

  it('keeps what tells how to read it', async () => {
    const folder = await makeFolder()
    const sample =
      '{"code": 0, "msg": "ok", "token": "abcdefghij", "scope": "a b", "expires": "2026-03-01T10:00:00Z", "n": 7}'
    await nightlatch(['new', 'acme', '--token-endpoint', 'https://a.example/t', '--sample', sample, '--dir', folder])
    const test = await readFile(join(folder, 'test/acme.test.ts'), 'utf8')
    for (const kept of ["msg: 'ok'", "scope: 'a b'", "expires: '2026-03-01T10:00:00Z'", 'n: 7', "'sample-token'"]) {
      expect(test).toContain(kept)
    }
  })
})

describe('links', () => {
  const flags = ['new', 'acme', '--token-endpoint', 'https://a.example/token', '--dir']

  it('are not followed, dangling or not: nothing is written', async () => {
    const folder = await makeFolder()
    const outside = await makeFolder()
    await writeFile(join(outside, 'kept'), 'kept')
    await mkdir(join(folder, 'src'))
    for (const target of ['missing', 'kept']) {
      const link = join(folder, 'src/acme.ts')
      await rm(link, { force: true })
      await symlink(join(outside, target), link)
      const { status, stderr } = await nightlatch([...flags, folder])
      expect(status).toBe(2)
      expect(stderr).toContain('acme.ts')
      expect(await readdir(folder)).toEqual(['src'])
      expect(await readdir(outside)).toEqual(['kept'])
    }
  })

  it('are replaced by a file with --force, and their targets left alone', async () => {
    const folder = await makeFolder()
    const outside = await makeFolder()
    await mkdir(join(folder, 'src'))
    await symlink(join(outside, 'missing'), join(folder, 'src/acme.ts'))
    expect(await nightlatch([...flags, folder, '--force'])).toMatchObject({ status: 0 })
    expect((await lstat(join(folder, 'src/acme.ts'))).isFile()).toBe(true)
    expect(await readdir(outside)).toEqual([])
  })
})
