import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { nightlatchProcess } from '../run-nightlatch.ts'
import { makeFolder } from '../temporary-folder.ts'
import { configurationOf, startTokenServer } from '../token-server.ts'

// A minute for each call, so that a busy machine does not make a process take over from one that is only slow.
const parameters = ['token', 'acme', '--cache', '--format', 'header', '--timeout', '600']

it('20 processes at once cost one grant', { timeout: 300_000 }, async () => {
  const server = await startTokenServer({ delay: 500 })
  const home = await makeFolder()
  const file = join(home, 'nightlatch.config.mjs')
  await writeFile(file, configurationOf(server))
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () => nightlatchProcess([...parameters, '--config', file], { env: { HOME: home } })),
  )
  const one = { status: 0, stdout: 'Authorization: Bearer MARKED-token-1\n', stderr: '' }
  expect(outcomes).toEqual(outcomes.map(() => one))
  expect(server.granted).toHaveLength(1)
})

it('a process that is killed during its grant holds up no other', { timeout: 300_000 }, async () => {
  const home = await makeFolder()
  const file = join(home, 'nightlatch.config.mjs')
  let requests = 0
  let onFirst = (): void => undefined
  const first = new Promise<void>((resolve) => {
    onFirst = resolve
  })
  const server = createServer((incoming, outgoing) => {
    requests += 1
    // The first request is never answered.
    if (requests === 1) return onFirst()
    incoming.resume()
    outgoing.writeHead(200, { 'content-type': 'application/json' })
    outgoing.end('{"access_token":"MARKED-token","token_type":"Bearer","expires_in":3600}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await writeFile(file, configurationOf({ origin, granted: [] }))
  const bin = join(import.meta.dirname, '../../src/bin.ts')
  const words = ['--conditions=@nightlatch/source', bin, ...parameters, '--config', file]
  const killed = spawn(process.execPath, words, { env: { HOME: home }, stdio: 'ignore' })
  await first
  const isGone = new Promise((resolve) => killed.once('exit', resolve))
  killed.kill('SIGKILL')
  await isGone
  const next = await nightlatchProcess([...parameters, '--config', file], { env: { HOME: home } })
  // Waiting for the lock to expire would take longer than the process may run.
  expect(next).toMatchObject({ status: 0, stdout: 'Authorization: Bearer MARKED-token\n' })
  expect(requests).toBe(2)
})
