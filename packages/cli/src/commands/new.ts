import { lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { CommandError } from '../command-error.ts'
import { type Io, readInput } from '../io.ts'
import { checkSyntax } from '../new-provider/check-syntax.ts'
import {
  authentications,
  draftProvider,
  type ProviderDraft,
  type ProviderSettings,
} from '../new-provider/provider-draft.ts'
import { isReadByDefault } from '../new-provider/sample-answer.ts'
import { repositoryUrl, toJson, writeChangeset, writePackageFiles, writePage } from '../new-provider/write-pages.ts'
import { writeProvider } from '../new-provider/write-provider.ts'
import { writeEmulation, writeTest } from '../new-provider/write-tests.ts'
import { type Output, styled } from '../output/output.ts'
import { escapeUnsafe } from '../output/unsafe-characters.ts'

interface NewFlags extends ProviderSettings {
  readonly package?: true
  readonly dir: string
  readonly force?: true
  readonly json?: true
}

/** `nightlatch new <name>`: writes a provider, its emulation, its test and its page. */
export function addNewCommand(program: Command, io: Io, output: Output): void {
  const collect = (value: string, before: string[] = []): string[] => [...before, value]
  const command = program
    .command('new')
    .description('write your own provider: its description, an emulation, a test with the conformance suite, a page')
    .argument('<name>', 'lower-case slug, such as acme-cloud')
    .option('--token-endpoint <url>', 'token endpoint; without it, the command prompts for settings at a terminal')
    .option('--client-authentication <how>', `${Object.keys(authentications).join(', ')}; default basic`)
    .option('--client-id-name <name>', 'name of the parameter or header for the client id')
    .option('--client-secret-name <name>', 'name of the parameter or header for the client secret')
    .option('--method <method>', 'POST (default), or GET with the parameters in the query')
    .option('--body-format <format>', 'form (default), json, or none with the parameters in the query')
    .option('--grant-type <type>', 'default client_credentials; none to send none')
    .option('--scope <scopes>', 'scopes, separated by spaces')
    .option('--parameter <parameter>', "an additional parameter, 'name=value'; repeatable", collect)
    .option('--header <header>', "an additional header of the token request, 'name: value'; repeatable", collect)
    .option(
      '--sample <answer>',
      "a token response from the vendor's page, with status line and headers if a header has the token; @file reads a file, - reads stdin",
    )
    .option('--api-url <url>', 'base URL of the API')
    .option('--token-header <name>', 'header for the token, in place of Authorization: Bearer')
    .option('--runner <runner>', 'test runner: vitest (default) or node:test')
    .option('--dir <folder>', 'folder of the project', '.')
    .option('--package', "write a package of Nightlatch's own repository, at --dir")
    .option('--force', 'overwrite existing files')
    .addHelpText('after', examples)
  command.action(async (name: string) => {
    const flags = command.optsWithGlobals<NewFlags>()
    const given = flags.tokenEndpoint === undefined ? await askPerson(name, flags, io) : flags
    const draft = draftProvider(name, { ...given, ...(await readSampleFlag(given.sample, io)) })
    const files = flags.package === true ? await planPackage(draft, flags.dir) : await planFiles(draft, flags.dir)
    await writeFiles(files, flags)
    report(draft, [...files.keys()], flags, output)
  })
}

const examples = `
Examples:
  $ nightlatch new acme --token-endpoint https://login.acme.example/token --api-url https://api.acme.example/v2
  $ nightlatch new acme --token-endpoint https://api.acme.example/login --body-format json \\
      --client-authentication post --client-id-name apiKey --client-secret-name apiSecret \\
      --sample '{"data": {"token": "abc", "expiresInMs": 3600000}}'`

/**
 * Prompts for the settings in which most providers differ; without a terminal, returns the flags unchanged.
 *
 * @throws CommandError `wrong_usage` if the user cancels
 */
async function askPerson(name: string, flags: NewFlags, { terminal, stdin, stderr }: Io): Promise<ProviderSettings> {
  if (!terminal.stdin || !terminal.stderr) return flags
  const { isCancel, select, text } = await import('@clack/prompts')
  const leaving = new AbortController()
  const common = { input: stdin, output: stderr, signal: leaving.signal }
  const given = (answer: string | symbol | undefined): string => {
    if (isCancel(answer)) throw new CommandError('wrong_usage', 'nothing was written')
    return typeof answer === 'string' ? answer : ''
  }
  const ask = async (message: string, placeholder: string): Promise<string> =>
    given(await text({ message, placeholder, ...common }))
  const leave = (): void => leaving.abort()
  stdin.once('end', leave)
  try {
    const tokenEndpoint = await ask(
      `${escapeUnsafe(name)}: what is the token endpoint?`,
      'https://login.acme.example/token',
    )
    const clientAuthentication =
      flags.clientAuthentication ??
      given(
        await select({
          message: 'How does it expect client id and secret?',
          options: Object.entries(authentications).map(([value, label]) => ({ value, label })),
          ...common,
        }),
      )
    const names =
      clientAuthentication === 'header' && flags.clientSecretName === undefined
        ? { clientSecretName: await ask('Which header has the secret?', 'x-api-key') }
        : {}
    const scope = flags.scope ?? (await ask('Which scopes? Empty for none.', 'read write'))
    const sample =
      flags.sample ??
      (await ask("A sample response from its page, or @file; empty for RFC 6749's.", '{"access_token": ...}'))
    const apiUrl =
      flags.apiUrl ?? (await ask("What is its API's base URL? Empty for none.", 'https://api.acme.example/v2'))
    return { ...flags, tokenEndpoint, clientAuthentication, ...names, scope, sample, apiUrl }
  } finally {
    stdin.off('end', leave)
  }
}

async function readSampleFlag(sample: string | undefined, io: Io): Promise<Pick<ProviderSettings, 'sample'>> {
  if (sample === '-') return { sample: (await readInput(io)).toString('utf8') }
  if (sample === undefined || !sample.startsWith('@')) return {}
  const file = sample.slice(1)
  try {
    return { sample: await readFile(file, 'utf8') }
  } catch (failure) {
    const { code = 'unreadable' } = failure as NodeJS.ErrnoException
    throw new CommandError('wrong_usage', `--sample: ${file} cannot be read (${code})`)
  }
}

type Files = ReadonlyMap<string, string>

/** Plans the files for a user's project. */
async function planFiles(draft: ProviderDraft, dir: string): Promise<Files> {
  const { name } = draft
  const extension = await findImportExtension(dir)
  const places = { provider: `../src/${name}.${extension}`, emulation: `./${name}-emulation.${extension}` }
  return new Map([
    [join(dir, 'src', `${name}.ts`), writeProvider(draft).text],
    [join(dir, 'test', `${name}-emulation.ts`), writeEmulation(draft).text],
    [join(dir, 'test', `${name}.test.ts`), writeTest(draft, places).text],
    [join(dir, 'docs', `${name}.md`), writePage(draft, places.provider).text],
  ])
}

/** The extension in imports of TypeScript files: Node requires `.ts`, while some TypeScript settings require `.js`. */
async function findImportExtension(dir: string): Promise<'ts' | 'js'> {
  const settings = await readFile(join(dir, 'tsconfig.json'), 'utf8').catch(() => undefined)
  if (settings === undefined) return 'ts'
  return /"(allowImportingTsExtensions|rewriteRelativeImportExtensions)"\s{0,99}:\s{0,99}true|"extends"/.test(settings)
    ? 'ts'
    : 'js'
}

/**
 * Plans the files for a package of this repository.
 *
 * @throws CommandError `wrong_usage` if the folder is not this repository
 */
async function planPackage(draft: ProviderDraft, dir: string): Promise<Files> {
  const { name } = draft
  const tools = join(dir, 'tools/package.json')
  const [licence, manifest] = await Promise.all(
    [join(dir, 'packages/prevu3d/LICENSE'), tools].map((file) => readFile(file, 'utf8').catch(() => undefined)),
  )
  if (licence === undefined || manifest === undefined) {
    throw new CommandError('wrong_usage', "--package is only for Nightlatch's own repository; set --dir to its root", {
      hints: ['For a provider in your own project, omit --package.'],
    })
  }
  const folder = join(dir, 'packages', name)
  const places = { provider: '../src/index.ts', emulation: `./${name}-emulation.ts` }
  const own = Object.entries(writePackageFiles(draft)).map(([file, text]) => [join(folder, file), text] as const)
  return new Map([
    ...own,
    [join(folder, 'LICENSE'), licence.split('\n---\n')[0]?.trimEnd().concat('\n') ?? ''],
    [join(folder, 'src/provider.ts'), writeProvider(draft).text],
    [join(folder, `test/${name}-emulation.ts`), writeEmulation(draft).text],
    [join(folder, 'test/conformance.test.ts'), writeTest(draft, places).text],
    [join(dir, 'docs/providers', `${name}.md`), writePage(draft, `@nightlatch/${name}`).text],
    [join(dir, '.changeset', `${name}.md`), writeChangeset(draft)],
    // The checks of code in documents resolve packages from there.
    [tools, withDependency(manifest, `@nightlatch/${name}`)],
  ])
}

function withDependency(text: string, name: string): string {
  const manifest = JSON.parse(text) as { devDependencies?: Record<string, string> }
  const all = { ...manifest.devDependencies, [name]: 'workspace:^' }
  const devDependencies = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
  return toJson({ ...manifest, devDependencies })
}

/**
 * Writes all files, or none if one exists already and `--force` is not set. Symbolic links are replaced, never followed, so
 * that no file outside the project changes.
 *
 * @throws CommandError `wrong_usage`
 */
async function writeFiles(files: Files, { force }: NewFlags): Promise<void> {
  const isThere = async (file: string): Promise<boolean> =>
    lstat(file).then(
      () => true,
      () => false,
    )
  const isEdited = (file: string): boolean => file.endsWith(join('tools', 'package.json'))
  const there: string[] = []
  for (const file of files.keys()) if (!isEdited(file) && (await isThere(file))) there.push(file)
  if (there.length > 0 && force !== true) {
    throw new CommandError('wrong_usage', 'these files exist already; --force overwrites them', { hints: there })
  }
  for (const [file, text] of files) checkSyntax(file, text)
  for (const [file, text] of files) {
    await mkdir(dirname(file), { recursive: true })
    if (force === true || isEdited(file)) await rm(file, { force: true })
    // `wx` also fails on a symbolic link.
    await writeFile(file, text, { flag: 'wx' })
  }
}

function report(draft: ProviderDraft, files: readonly string[], flags: NewFlags, output: Output): void {
  const { name, sample } = draft
  const steps = nextSteps(draft, flags)
  const recognised =
    sample === undefined
      ? null
      : {
          token: sample.tokenHeader === undefined ? sample.token.join('.') : `header ${sample.tokenHeader}`,
          lifetime: sample.lifetime === undefined ? null : sample.lifetime.path.join('.'),
          lifetimeKind: sample.lifetime?.kind ?? null,
          readByDefault: isReadByDefault(sample),
        }
  if (flags.json === true) {
    output.printJson({ provider: name, files, sample: recognised, next: steps })
    return
  }
  output.print(styled('good', '✓'), ` ${name} is written`)
  for (const file of files) output.print(`  ${file}`)
  if (recognised !== null) {
    const { token, lifetime, lifetimeKind } = recognised
    const life = lifetime === null ? 'it states no lifetime' : `its lifetime in ${lifetime} (${lifetimeKind})`
    output.print(
      `\nOf the sample: the token is ${token === '' ? 'the whole response' : `in ${token.replace(/^header /, 'the header ')}`}, ${life}.`,
    )
  }
  output.print('\nNext:')
  for (const step of steps) output.print('  ', styled('quiet', '•'), ` ${step}`)
}

function nextSteps({ name, runner, sample }: ProviderDraft, flags: NewFlags): readonly string[] {
  const warning =
    sample === undefined
      ? [
          'Without --sample the emulation responds as in RFC 6749. Passing tests do not prove that the vendor does the same.',
        ]
      : []
  const compare = "Compare request and response in the test with the vendor's page, and add its error responses."
  if (flags.package === true) {
    return [
      ...warning,
      compare,
      'npx -y pnpm@12 install',
      `npx -y pnpm@12 test:all --project ${name} --project all:tools`,
      `Answer the questions of docs/providers/${name}.md.`,
    ]
  }
  const test = runner === 'vitest' ? `npx vitest run test/${name}.test.ts` : `node --test test/${name}.test.ts`
  const needs = ['typescript', '@types/node', ...(runner === 'vitest' ? ['vitest'] : [])]
  return [
    `Install @nightlatch/core and @nightlatch/testing: ${repositoryUrl}/blob/main/docs/install.md`,
    `npm install --save-dev ${needs.join(' ')}`,
    test,
    ...warning,
    compare,
    `Answer the questions of docs/${name}.md.`,
  ]
}
