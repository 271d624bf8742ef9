/** Runs `nightlatch demo` and draws its output in docs/demo.svg. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawRecording } from './draw-recording.ts'

const root = join(import.meta.dirname, '../..')
const bin = join(root, 'packages/cli/dist/bin.js')
const output = execFileSync(process.execPath, [bin, 'demo'], { encoding: 'utf8', env: { FORCE_COLOR: '1' } })
writeFileSync(join(root, 'docs/demo.svg'), drawRecording(output, 'npx -y pnpm@12 demo'))
