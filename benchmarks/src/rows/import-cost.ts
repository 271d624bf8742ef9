import { peers } from '../peers.ts'
import type { OutsideRow } from '../row.ts'
import { runNode } from '../run-program.ts'

/** The cost of importing a peer. */
export const importCost: OutsideRow = {
  kind: 'outside',
  name: 'import',
  title: 'Import',
  about: '`import` of the packages in a new process, minus the time of an empty module.',
  baseline: 'openid-client',
  peers: peers
    .filter(({ name, packages }) => packages.length > 0 && name !== 'nightlatch on undici')
    .map(({ name }) => name),
  metrics: [
    {
      key: 'time',
      title: 'import',
      unit: 'ms',
      hasRatio: true,
      ratioTarget: 0.75,
      replaced: {
        kind: 'value',
        target: 4,
        reason:
          'Milliseconds are those of one processor: 7.4 on an AMD EPYC, 11.8 and 15.2 on an Intel Xeon. V8 takes more than half of them to compile that code. For readable stack traces, it is not minified.',
      },
    },
  ],
  rounds: { full: 9, quick: 1 },
  async measure(peer, { nodeOptions }) {
    const { packages } = peers.find(({ name }) => name === peer) ?? { packages: [] }
    const imported = peer === 'nightlatch' ? packages.slice(0, 1) : packages
    const own = await timeImport(imported, nodeOptions)
    const empty = await timeImport(['data:text/javascript,'], nodeOptions)
    return { time: own - empty }
  },
}

async function timeImport(modules: readonly string[], nodeOptions: readonly string[]): Promise<number> {
  const imports = modules.map((name) => `await import(${JSON.stringify(name)});`).join('')
  const code = `const startedAt = performance.now();${imports}process.stdout.write(String(performance.now() - startedAt))`
  return Number(await runNode([...nodeOptions, '--input-type=module', '--eval', code]))
}
