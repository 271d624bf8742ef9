/** Writes the API reference into `docs/api`, from the documentation comments of every package that can be imported. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Application, type ProjectReflection, type TypeDocOptions } from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { scope } from '../../tools/src/project.ts'

const docs: string = join(import.meta.dirname, '..')

interface Library {
  readonly name: string
  readonly entry: string
}

const libraries = globSync('../packages/*/package.json', { cwd: docs })
  .sort()
  .flatMap((file): readonly Library[] => {
    const manifest = JSON.parse(readFileSync(join(docs, file), 'utf8'))
    const entry = manifest.exports?.['.']?.[`${scope}/source`]
    return manifest.private === true || entry === undefined
      ? []
      : [{ name: manifest.name, entry: join(docs, dirname(file), entry) }]
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
  disableSources: true,
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

const application = await Application.bootstrapWithPlugins(options as TypeDocOptions)
const project = await application.convert()
if (project === undefined) process.exit(1)
nameModules(project)
application.validate(project)
if (!hasComplaints()) await application.generateOutputs(project)
if (hasComplaints()) process.exit(1)

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
