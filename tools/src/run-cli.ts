/** Runs the command line from its sources, in the folder that it was called from: `npx -y pnpm@12 nightlatch doctor prevu3d`. */
import process from 'node:process'

// pnpm runs a script in the package's folder, and names the caller's here.
process.chdir(process.env.INIT_CWD ?? '.')
await import('../../packages/cli/src/bin.ts')
