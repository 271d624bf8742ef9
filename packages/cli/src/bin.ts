#!/usr/bin/env node
// No imports but of types up here: an older Node would fail on what they lead to before it could say what is wrong.
import type { Io } from './io.ts'

const oldest = 22
/** Milliseconds for what ends by itself: the lock of a store is released behind the callers' backs. */
const grace = 500
const { versions, argv, env, stdin, stdout, stderr } = process

if (Number(versions.node.split('.')[0]) < oldest) {
  stderr.write(`nightlatch needs Node ${oldest} or newer; this is Node ${versions.node}.\n`)
  process.exitCode = 2
} else {
  // Whoever reads our output may stop when they have seen enough: `nightlatch call ... | head`.
  stdout.on('error', (failure: NodeJS.ErrnoException) => {
    if (failure.code === 'EPIPE') process.exit()
    throw failure
  })
  const terminal = { stdin: stdin.isTTY === true, stdout: stdout.isTTY === true, stderr: stderr.isTTY === true }
  const io: Io = { env, stdin, stdout, stderr, terminal }
  const { run } = await import('./run.ts')
  process.exitCode = await run(argv.slice(2), io)
  // What a configuration file holds open, a connection of its store say, keeps nobody waiting; once all is written.
  stdout.write('', () => void setTimeout(() => process.exit(), grace).unref())
}
