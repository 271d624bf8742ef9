import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A program in place of `secret-tool` or `security`, which keeps its entry and its calls in files of a folder. */
export interface FakeKeyring {
  /** The search path with the program in front. */
  readonly path: string
  /** The arguments and the environment of each call. */
  calls(): Promise<readonly { readonly parameters: string; readonly env: string }[]>
  /** What was piped into each call that writes. */
  inputs(): Promise<string>
  entry(): Promise<string | undefined>
}

// Each script follows the manual of the program: its words, where the secret is read from, and the exit status of a missing entry.
const scripts = {
  'secret-tool': `
case "$1" in
lookup) [ -f "$root/entry" ] || exit 1; cat "$root/entry" ;;
store) cat > "$root/input"; cat "$root/input" >> "$root/inputs"; cat "$root/input" > "$root/entry" ;;
clear) rm -f "$root/entry" ;;
esac`,
  security: `
case "$1" in
find-generic-password) [ -f "$root/entry" ] || { echo 'security: SecKeychainSearchCopyNext: not found' >&2; exit 44; }
  cat "$root/entry"; echo ;;
-i) read -r line; echo "$line" >> "$root/inputs"; printf %s "$\{line##* }" > "$root/entry" ;;
delete-generic-password) rm -f "$root/entry" ;;
esac`,
} as const

/**
 * Writes the program.
 *
 * @param script of a shell, in place of the one that follows the manual
 */
export async function writeFakeKeyring(
  root: string,
  name: keyof typeof scripts,
  script: string = scripts[name],
): Promise<FakeKeyring> {
  const bin = join(root, 'bin')
  await mkdir(bin, { recursive: true })
  const file = join(bin, name)
  // One line a call, appended by one write, so that processes at once do not mix theirs.
  const log = `printf '%s\\t%s\\n' "$*" "$(env | tr '\\n' ' ')" >> "$root/calls"`
  await writeFile(file, `#!/bin/sh\nroot='${root}'\n${log}\n${script}\n`)
  await chmod(file, 0o755)
  const read = (child: string): Promise<string | undefined> =>
    readFile(join(root, child), 'utf8').catch(() => undefined)
  return {
    path: `${bin}:${process.env.PATH ?? ''}`,
    async calls() {
      const lines = ((await read('calls')) ?? '').split('\n').filter((line) => line !== '')
      return lines.map((line) => {
        const [parameters = '', env = ''] = line.split('\t')
        return { parameters, env }
      })
    },
    inputs: async () => (await read('inputs')) ?? '',
    entry: () => read('entry'),
  }
}
