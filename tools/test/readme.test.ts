import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { prevu3dEmulation, startEmulator } from '@nightlatch/testing'
import { describe, expect, it } from 'vitest'
import { blocksFolder } from '../src/compile-blocks.ts'
import { readDocument } from '../src/read-documents.ts'
import { readText, root } from '../src/read-repository.ts'

describe('the first example of the README', () => {
  it('runs unchanged, except for Prevu3D’s URL', async () => {
    const emulator = await startEmulator(prevu3dEmulation())
    try {
      const { url, apiOrigins, credentials, divisions } = emulator
      const place = JSON.stringify({ cloudApiUrl: url, apiOrigins })
      const printed = await run(firstExample().replace('prevu3d()', `prevu3d(${place})`), {
        PREVU3D_CLIENT_ID: credentials.clientId,
        PREVU3D_CLIENT_SECRET: credentials.clientSecret,
      })
      expect(emulator.requests.map(({ part }) => part)).toEqual(['token', 'discovery', 'api'])
      for (const { name } of divisions) expect(printed).toContain(name)
    } finally {
      await emulator.close()
    }
  })
})

function firstExample(): string {
  const example = readDocument('README.md', readText('README.md')).blocks.find(({ language }) => language === 'ts')
  if (example === undefined) throw new Error('README.md has no example')
  return example.code
}

/** Runs a module inside the repository, so that it finds the packages, from their sources. Answers with what it prints. */
async function run(code: string, environment: Readonly<Record<string, string>>): Promise<string> {
  mkdirSync(blocksFolder, { recursive: true })
  const folder = mkdtempSync(join(blocksFolder, 'run-'))
  try {
    writeFileSync(join(folder, 'example.ts'), code)
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@nightlatch/source', join(folder, 'example.ts')],
      {
        cwd: root,
        env: { ...process.env, ...environment },
        timeout: 15_000,
      },
    )
    return stdout
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
