import { unwatchFile, watchFile } from 'node:fs'

/** Milliseconds between two looks at a file. */
const interval = 1000

/**
 * Watches files by their time and size. This finds also a file that was replaced, and one behind a symbolic link that now leads
 * elsewhere, as Kubernetes updates its volumes.
 *
 * @param changed called after a change
 * @returns stops watching
 */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  const listener = (): void => changed()
  for (const path of paths) watchFile(path, { interval, persistent: false }, listener)
  return () => {
    for (const path of paths) unwatchFile(path, listener)
  }
}
