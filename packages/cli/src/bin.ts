#!/usr/bin/env node
// The build inlines the manifest. Any other static import would cost `--version` time, and could fail on a Node that is too old.
import manifest from '../package.json' with { type: 'json' }
import type { Io } from './io.ts'

/** Milliseconds for work in the background, such as the release of a store's lock. */
const graceMs = 500
const { versions, argv } = process
const needed = manifest.engines.node.replace(/[^\d.]/g, '')

if (isOlder(versions.node, needed)) {
  process.stderr.write(`nightlatch requires Node ${needed} or newer; this is Node ${versions.node}.\n`)
  process.exitCode = 2
} else if (argv.length === 3 && (argv[2] === '--version' || argv[2] === '-V')) {
  // The most frequent question of installers and editors needs no command to be loaded, and no other stream to be opened.
  process.stdout.write(`${manifest.version}\n`)
} else {
  const { env, stdin, stdout, stderr } = process
  // A reader such as `head` may close the pipe early.
  stdout.on('error', (failure: NodeJS.ErrnoException) => {
    if (failure.code === 'EPIPE') process.exit()
    throw failure
  })
  // Node warns that reading a TypeScript configuration file is experimental, which the user cannot change.
  const { emitWarning } = process
  process.emitWarning = (warning: string | Error, ...rest: readonly unknown[]) => {
    const [kind] = rest
    const type = typeof kind === 'object' && kind !== null && 'type' in kind ? kind.type : kind
    if (type !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, [warning, ...rest])
  }
  const terminal = { stdin: stdin.isTTY === true, stdout: stdout.isTTY === true, stderr: stderr.isTTY === true }
  const io: Io = { env, stdin, stdout, stderr, terminal, pid: process.pid, isRunning }
  await cacheCompiledCode()
  const { run } = await import('./run.ts')
  process.exitCode = await run(argv.slice(2), io, manifest.version)
  // A configuration file may leave handles open, such as a store's connection. Exit anyway, after the output is flushed.
  stdout.write('', () => void setTimeout(() => process.exit(), graceMs).unref())
}

/**
 * Lets Node keep compiled code between runs. Its default folder is one of the system's temporary folder, where other users could
 * put code, so the user's own folder is used.
 */
async function cacheCompiledCode(): Promise<void> {
  // From its sources, the command line is compiled by those who change it.
  if (!import.meta.url.endsWith('.js')) return
  const [{ default: nodeModule }, { findCachePlace }] = await Promise.all([
    import('node:module'),
    import('./token-cache/cache-place.ts'),
  ])
  // Deno and Bun have a cache of their own instead of this function.
  const { enableCompileCache } = nodeModule as Partial<typeof nodeModule>
  enableCompileCache?.(findCachePlace({ env: process.env }).compiled)
}

/** Whether a process of this machine runs, of whatever user. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (failure) {
    return (failure as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether a version is lower than another, such as `22.11.0` and `22.12`. */
function isOlder(version: string, than: string): boolean {
  const [parts, wanted] = [version, than].map((text) => text.split('.').map(Number))
  for (const [at, part] of (wanted ?? []).entries()) {
    const own = parts?.[at] ?? 0
    if (own !== part) return own < part
  }
  return false
}
