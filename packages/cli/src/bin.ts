#!/usr/bin/env node
// Besides types only the manifest, which the build puts in line: an older Node would fail on anything else before it
// could say what is wrong.
import manifest from '../package.json' with { type: 'json' }
import type { Io } from './io.ts'

/** Milliseconds for what ends by itself: the lock of a store is released in the background. */
const grace = 500
const { versions, argv, env, stdin, stdout, stderr } = process
const needed = manifest.engines.node.replace(/[^\d.]/g, '')

if (isOlder(versions.node, needed)) {
  stderr.write(`nightlatch needs Node ${needed} or newer; this is Node ${versions.node}.\n`)
  process.exitCode = 2
} else {
  // Whoever reads our output may stop when they have seen enough: `nightlatch call ... | head`.
  stdout.on('error', (failure: NodeJS.ErrnoException) => {
    if (failure.code === 'EPIPE') process.exit()
    throw failure
  })
  // What Node calls experimental (reading TypeScript) is no concern of whoever runs a command.
  const { emitWarning } = process
  process.emitWarning = (warning: string | Error, ...rest: readonly unknown[]) => {
    const [kind] = rest
    const type = typeof kind === 'object' && kind !== null && 'type' in kind ? kind.type : kind
    if (type !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, [warning, ...rest])
  }
  const terminal = { stdin: stdin.isTTY === true, stdout: stdout.isTTY === true, stderr: stderr.isTTY === true }
  const io: Io = { env, stdin, stdout, stderr, terminal }
  const { run } = await import('./run.ts')
  process.exitCode = await run(argv.slice(2), io)
  // What a configuration file holds open, a connection of its store say, keeps nobody waiting; once all is written.
  stdout.write('', () => void setTimeout(() => process.exit(), grace).unref())
}

/** Whether a version comes before another: `22.11.0` before `22.12`. */
function isOlder(version: string, than: string): boolean {
  const [parts, wanted] = [version, than].map((text) => text.split('.').map(Number))
  for (const [at, part] of (wanted ?? []).entries()) {
    const own = parts?.[at] ?? 0
    if (own !== part) return own < part
  }
  return false
}
