import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareConsumer, programFile, workerFile } from './consumer.ts'
import { openEmulatorDesk } from './emulator-desk.ts'
import { installRuntimes } from './install-runtimes.ts'
import { runCommands, runSuite } from './run-process.ts'
import { runInWorkerd } from './run-workerd.ts'
import { runtimes } from './runtimes.ts'
import { bundleWorker, collectWorker } from './worker-modules.ts'

const ground = mkdtempSync(join(tmpdir(), 'latchkey-runtimes-'))
const t0 = Date.now()
const lap = (w: string) => console.log(`-- ${w} ${((Date.now() - t0) / 1000).toFixed(1)}`)
const programs = installRuntimes(runtimes)
lap('installed')
const consumer = await prepareConsumer(ground)
lap(consumer.folder)
const desk = await openEmulatorDesk()
for (const runtime of runtimes) {
  const program = programs.get(runtime)!
  for (const { slug, isLibrary } of consumer.packages) {
    const par = runtime.parameters?.(slug) ?? []
    let r: any
    if (runtime.kind === 'process') {
      if (isLibrary) r = await runSuite(program, [...par, programFile(slug), desk.url], consumer.folder)
      else
        r = await runCommands(program, [...par, 'node_modules/latchkey/dist/bin.js'], consumer.folder, [
          { call: ['--version'], prints: /\d/ },
          { call: ['demo'], prints: /✓|ok/i },
        ])
    } else if (isLibrary) {
      const m = await (runtime.kind === 'bundle' ? bundleWorker : collectWorker)(consumer.folder, workerFile(slug))
      if (m.builtins.length) r = m.builtins
      else r = await runInWorkerd(program, consumer.folder, m, '2026-11-17', desk.url)
    } else r = []
    lap(`${runtime.name} ${runtime.version} ${slug} ${JSON.stringify(r.map((x: any) => (typeof x === 'string' || x.problem ? x : 1)))}`)
  }
}
await desk.close()
