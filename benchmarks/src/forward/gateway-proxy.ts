/** The gateway as a user starts it: the program, a caller with a key, a path rule, and the audit log on a pipe. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { StartProxy, Target } from './target.ts'

/** Starts `nightlatch-gateway` with a configuration file in JSON. */
export const startGateway: StartProxy = async (target, nodeOptions) => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-gateway-'))
  const key = randomBytes(32).toString('base64url')
  const file = join(folder, 'gateway.config.json')
  writeFileSync(join(folder, 'secret'), 'a secret of 32 characters, no less')
  writeFileSync(file, JSON.stringify(configuration(target, key)))
  // The program is built beside the library's entry.
  const entry = fileURLToPath(import.meta.resolve('@nightlatch/gateway'))
  const program = entry.replace(/index\.(js|ts)$/, 'bin.$1')
  const child = spawn(process.execPath, [...nodeOptions, program, '--config', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = await listeningUrl(child)
  return {
    apiUrl: `${url}/api`,
    headers: { authorization: `Bearer ${key}` },
    processes: () => [child.pid ?? 0],
    async stop() {
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function configuration({ origin, tokenEndpoint }: Target, key: string): object {
  const digest = createHash('sha256').update(key).digest('hex')
  return {
    clients: {
      benchmark: {
        provider: { name: 'benchmark', tokenEndpoint, api: `${origin}/api` },
        credentials: { clientId: 'benchmark', clientSecret: { file: 'secret' } },
      },
    },
    listen: [{ host: '127.0.0.1', port: 0 }],
    callers: { bench: { keys: [`sha256:${digest}`], concurrency: 1000 } },
    upstreams: { api: { client: 'benchmark', allow: [{ callers: ['bench'], methods: ['GET'], paths: ['/**'] }] } },
  }
}

/** Reads the program's output to its end, so that the audit log never fills the pipe. */
function listeningUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new Error('The program has no standard output.'))
    const lines = createInterface({ input: child.stdout })
    lines.once('line', (line) => {
      resolve((JSON.parse(line) as { url: string }).url)
      lines.close()
      child.stdout?.resume()
    })
    child.once('exit', (status) => reject(new Error(`The gateway exited with ${status}.`)))
  })
}
