import { peers } from '../peers.ts'
import type { OutsideRow } from '../row.ts'
import { runNode } from '../run-node.ts'

/** The cost of importing a peer. */
export const importCost: OutsideRow = {
  kind: 'outside',
  name: 'import',
  title: 'Import',
  about:
    'Milliseconds for `import` of the packages of a peer in a fresh process, less what an empty module takes in another one. The core imports ky and openid-client when they are first needed.',
  baseline: undefined,
  peers: peers
    .filter(({ name, packages }) => packages.length > 0 && name !== 'nightlatch on undici')
    .map(({ name }) => name),
  metrics: [{ key: 'time', title: 'import', unit: 'ms', target: 5 }],
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
