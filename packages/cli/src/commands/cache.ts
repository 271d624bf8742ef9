import { Argument, type Command } from 'commander'
import type { Io } from '../io.ts'
import { type Output, styled } from '../output/output.ts'

/** `nightlatch cache clear`: removes all tokens that `--cache` has kept, and their encryption key. */
export function addCacheCommand(program: Command, io: Io, output: Output): void {
  const command = program
    .command('cache')
    .description('remove the tokens that --cache has kept, and their encryption key')
    .addArgument(new Argument('<action>', 'what to do').choices(['clear']))
    .addHelpText('after', explanation)
  command.action(async () => {
    const { json } = command.optsWithGlobals<{ readonly json?: true }>()
    const { clearCache } = await import('../token-cache/clear-cache.ts')
    const { tokens, folder } = await clearCache(io)
    if (json === true) output.printJson({ tokens, folder })
    else output.print(styled('good', '✓'), ` removed ${tokens} ${tokens === 1 ? 'token' : 'tokens'} from ${folder}`)
  })
}

const explanation = `
The key is in the keyring of the system: by secret-tool on Linux, in the keychain on macOS. If no keyring responds
within 5 s, and on Windows, it is in a key file with mode 0600. Later runs use this file until you clear the cache.

Both protect tokens from other users of the machine, and in a copy of the cache folder. The keyring also protects them
in a copy of the home folder or the disk. Neither protects them from other programs of the same user.

Example:
  $ nightlatch cache clear`
