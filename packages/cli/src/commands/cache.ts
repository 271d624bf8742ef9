import { Argument, type Command } from 'commander'
import type { Io } from '../io.ts'
import { type Output, styled } from '../output/output.ts'

/** `nightlatch cache clear`: removes all tokens that `--cache` has kept, and their encryption key. */
export function addCacheCommand(program: Command, io: Io, output: Output): void {
  const command = program
    .command('cache')
    .description('remove the tokens that --cache has kept, and their encryption key')
    .addArgument(new Argument('<action>', 'what to do').choices(['clear']))
    .addHelpText('after', '\nExample:\n  $ nightlatch cache clear')
  command.action(async () => {
    const { json } = command.optsWithGlobals<{ readonly json?: true }>()
    const { clearCache } = await import('../token-cache/clear-cache.ts')
    const { tokens, folder } = await clearCache(io)
    if (json === true) output.printJson({ tokens, folder })
    else output.print(styled('good', '✓'), ` removed ${tokens} ${tokens === 1 ? 'token' : 'tokens'} from ${folder}`)
  })
}
