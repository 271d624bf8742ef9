/** Fetches the named runtimes, which the benchmark needs: `node fetch-runtimes.ts Bun Deno`. */
import { installRuntimes } from './install-runtimes.ts'
import { runtimes } from './runtimes.ts'

const names = process.argv.slice(2)
try {
  await installRuntimes(runtimes.filter(({ name }) => names.includes(name)))
} catch (error) {
  // The benchmark leaves out their rows, and says so.
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
}
