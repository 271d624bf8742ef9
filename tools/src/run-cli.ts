/** Runs the command line from its sources in the caller's folder: `npx -y pnpm@12 nightlatch doctor prevu3d`. */
import process from 'node:process'

// pnpm runs a script in the package's folder; INIT_CWD is the caller's.
process.chdir(process.env.INIT_CWD ?? '.')
await import('../../packages/cli/src/bin.ts')
