/** Writes the API reference into `docs/api`, from the documentation comments of every package that can be imported. */
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import {
  Application,
  type DeclarationReflection,
  type ProjectReflection,
  ReflectionKind,
  type TypeDocOptions,
} from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { scope, sourceUrl } from '../../tools/src/project.ts'
import { type ApiExport, type ApiPackage, writeApiPages } from './api-pages.ts'

const docs: string = join(import.meta.dirname, '..')

interface Library {
  readonly name: string
  readonly slug: string
  readonly description: string
  readonly entry: string
}

const libraries = globSync('../packages/*/package.json', { cwd: docs })
  .sort()
  .flatMap((file): readonly Library[] => {
    const manifest = JSON.parse(readFileSync(join(docs, file), 'utf8'))
    const entry = manifest.exports?.['.']?.[`${scope}/source`]
    return manifest.private === true || entry === undefined
      ? []
      : [
          {
            name: manifest.name,
            slug: basename(dirname(file)),
            description: manifest.description,
            entry: join(docs, dirname(file), entry),
          },
        ]
  })

const options: TypeDocOptions & PluginOptions = {
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: libraries.map(({ entry }) => entry),
  alwaysCreateEntryPointModule: true,
  outputs: [{ name: 'markdown', path: join(docs, 'api') }],
  cleanOutputDir: true,
  tsconfig: join(docs, 'tsconfig.api.json'),
  name: 'API reference',
  readme: 'none',
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  disableGit: true,
  sourceLinkTemplate: sourceUrl('{path}', 'blob'),
  sort: ['source-order'],
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  validation: {
    notExported: true,
    invalidLink: true,
    rewrittenLink: true,
    notDocumented: true,
    unusedMergeModuleWith: true,
  },
  requiredToBeDocumented: ['Class', 'Function', 'Interface', 'TypeAlias', 'Variable'],
  packagesRequiringDocumentation: libraries.map(({ name }) => name),
  entryFileName: 'index',
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  expandParameters: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'list',
  formatWithPrettier: false,
}

const folders: ReadonlyMap<ReflectionKind, string> = new Map([
  [ReflectionKind.Class, 'classes'],
  [ReflectionKind.Function, 'functions'],
  [ReflectionKind.Interface, 'interfaces'],
  [ReflectionKind.TypeAlias, 'type-aliases'],
  [ReflectionKind.Variable, 'variables'],
])

const application = await Application.bootstrapWithPlugins(options as TypeDocOptions)
const project = await application.convert()
if (project === undefined) process.exit(1)
nameModules(project)
application.validate(project)
const packages = libraries.map(describe)
// Each page has one link to its source, so the links of all members go.
for (const reflection of Object.values(project.reflections)) {
  if (reflection.isDeclaration() || reflection.isSignature()) delete reflection.sources
}
if (!hasComplaints()) await application.generateOutputs(project)
if (hasComplaints()) process.exit(1)
writeApiPages(join(docs, 'api'), packages)

function hasComplaints(): boolean {
  return application.logger.hasErrors() || application.logger.hasWarnings()
}

/** A module is called as it is imported, not by its folder. */
function nameModules({ children: modules = [] }: ProjectReflection): void {
  for (const module of modules) {
    const library = libraries.find(({ entry }) => dirname(entry).endsWith(`/${module.name}`))
    if (library === undefined) throw new Error(`No package has its source in ${module.name}.`)
    module.name = library.name
  }
}

function describe({ name, slug, description }: Library): ApiPackage {
  const module = project?.children?.find((one) => one.name === name)
  return { name, slug, description, exports: (module?.children ?? []).map(describeExport) }
}

function describeExport(reflection: DeclarationReflection): ApiExport {
  const { name, kind } = reflection
  const signature = reflection.signatures?.[0]
  const parts = (signature?.comment ?? reflection.comment)?.summary ?? []
  const text = parts
    .map((part) => (part.kind === 'inline-tag' ? `\`${part.text.split(' ').at(-1)}\`` : part.text))
    .join('')
    .replace(/\s+/g, ' ')
  const [source] = signature?.sources ?? reflection.sources ?? []
  const file = relative(join(docs, '..'), source?.fullFileName ?? '')
  return {
    name,
    isFunction: kind === ReflectionKind.Function,
    summary: /^.*?[.!?](?= |$)/.exec(text)?.[0] ?? text,
    page: `${folders.get(kind) ?? ''}/${name}.md`,
    source: `${file}#L${source?.line ?? 1}`,
  }
}
