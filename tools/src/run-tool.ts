/** Runs a tool: `pnpm tools <name> [parameters]`; without a name it lists all tools. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './read-repository.ts'
import { listTools, type Step, tools } from './tools.ts'

const [name, ...parameters] = process.argv.slice(2)
const tool = name !== undefined && Object.hasOwn(tools, name) ? tools[name] : undefined

if (tool !== undefined) {
  for (const step of tool.steps(parameters)) {
    process.exitCode = run(step)
    if (process.exitCode !== 0) break
  }
} else if (name === undefined) {
  process.stdout.write(`Run \`npx -y pnpm@12 tools <name>\` with one of these names:\n\n${listTools()}`)
} else {
  process.stderr.write(
    `Unknown tool \`${name}\`. Run \`npx -y pnpm@12 tools\` with one of these names:\n\n${listTools()}`,
  )
  process.exitCode = 2
}

/** Runs a program with this process's input and output and returns its exit status. */
function run({ program, parameters: own = [], nodeOptions = [], folder = '.' }: Step): number {
  const isFile = program.endsWith('.ts')
  const command = isFile ? process.execPath : program
  const all = isFile ? [...nodeOptions, join(root, program), ...own] : own
  // On Windows installed programs are shell scripts.
  const options = { cwd: join(root, folder), stdio: 'inherit', shell: !isFile && process.platform === 'win32' } as const
  const { status, error } = spawnSync(command, all, options)
  if (error !== undefined) process.stderr.write(`${command} could not be started: ${error.message}\n`)
  return status ?? 1
}
