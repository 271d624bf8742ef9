import { mkdtempSync, rmSync } from 'node:fs'
import { rename, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder for one test. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Writes a file beside the one that is read, and puts it in its place in one step. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.next`, text)
  await rename(`${path}.next`, path)
}

/** Points a link elsewhere in one step, as the kubelet does when a mounted secret changes. */
export async function replaceLink(path: string, target: string): Promise<void> {
  await symlink(target, `${path}_tmp`)
  await rename(`${path}_tmp`, path)
}
