#!/usr/bin/env node
// Only what every Node has is imported at once: on an older Node, another module could fail before the version check below.
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import type { ProgramIo } from './program/program-io.ts'

// The same place from the sources and from what is built.
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const { versions, argv, env, stdout, stderr, pid } = process
const needed = manifest.engines.node.replace(/[^\d.]/g, '')

if (isOlder(versions.node, needed)) {
  stderr.write(`nightlatch-gateway requires Node ${needed} or newer; this is Node ${versions.node}.\n`)
  process.exitCode = 2
} else {
  // While the first requests wait for a token, V8 learns that objects of a request live long, and from then on leaves each of
  // them to its slow collector. This switches that off.
  setFlagsFromString('--no-allocation-site-pretenuring')
  // Without a listener, a signal to reload ends the process; while it starts, the configuration is read later anyway.
  process.on('SIGHUP', () => undefined)
  // Secrets may be in the environment, and Node's diagnostic reports are sent to others.
  process.report.excludeEnv = true
  // A reader of the audit log may end. Requests go on, and the loss is reported once.
  stdout.once('error', () => stderr.write('nightlatch-gateway: standard output is closed; there is no audit log\n'))
  stdout.on('error', () => undefined)
  // Node warns that reading a TypeScript configuration file is experimental, which the user cannot change.
  const { emitWarning } = process
  process.emitWarning = (warning: string | Error, ...rest: readonly unknown[]) => {
    const [kind] = rest
    const type = typeof kind === 'object' && kind !== null && 'type' in kind ? kind.type : kind
    if (type !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, [warning, ...rest])
  }
  const io: ProgramIo = {
    version: manifest.version,
    environment: env,
    folder: process.cwd(),
    stdout,
    stderr,
    pid,
    onSignal(signal, listener) {
      process.on(signal, listener)
      return () => void process.off(signal, listener)
    },
  }
  const { run } = await import('./program/run.ts')
  process.exitCode = await run(argv.slice(2), io)
  // A configuration file may leave handles open, such as a store's connection. Exit anyway, after the output is flushed.
  stdout.write('', () => process.exit())
  // The reader of a pipe may have stopped reading.
  setTimeout(() => process.exit(), 5000)
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
