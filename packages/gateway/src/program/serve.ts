import { createGateway, type Gateway } from '../gateway.ts'
import { ConfigurationMistakes, type LoadedConfiguration, loadConfiguration } from '../load-configuration.ts'
import { withPassedSockets } from './passed-sockets.ts'
import type { ProgramIo } from './program-io.ts'
import { watchFiles } from './watch-files.ts'

/** Seconds that requests have to finish after SIGTERM. */
const drainTimeout = 30

/**
 * Runs the gateway until SIGTERM or SIGINT. SIGHUP and a change of the configuration file reload it.
 *
 * @throws ConfigurationMistakes if the configuration cannot be used at the start
 */
export async function serve(named: string | undefined, io: ProgramIo): Promise<void> {
  const { environment, folder, stdout, pid } = io
  const note = (text: string): void => void io.stderr.write(`nightlatch-gateway: ${text}\n`)
  const load = async (): Promise<LoadedConfiguration> => {
    const loaded = await loadConfiguration(named, folder, environment)
    return { ...loaded, config: withPassedSockets(loaded.config, environment, pid) }
  }
  const first = await load()
  const gateway = await createGateway(first.config, { audit: stdout })
  const listening = announcer(gateway, io)
  listening()

  let stopWatching = (): void => undefined
  const reload = async (): Promise<void> => {
    try {
      const next = await load()
      await gateway.reload(next.config)
      stopWatching()
      stopWatching = watchFiles(next.watched, requestReload)
      listening()
      note(`${next.file} was reloaded`)
    } catch (failure) {
      const mistakes = failure instanceof ConfigurationMistakes ? failure.mistakes : [messageOf(failure)]
      note(['the configuration was not reloaded; the one in use goes on', ...mistakes].join('\n  '))
    }
  }
  // One reload at a time, and one more if something changed meanwhile.
  let running: Promise<void> | undefined
  let isRequested = false
  const requestReload = (): void => {
    isRequested = true
    running ??= (async () => {
      for (; isRequested; ) {
        isRequested = false
        await reload()
      }
      running = undefined
    })()
  }
  stopWatching = watchFiles(first.watched, requestReload)

  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  const removers = [io.onSignal('SIGHUP', requestReload), io.onSignal('SIGTERM', stop), io.onSignal('SIGINT', stop)]
  await stopped
  stopWatching()
  for (const remove of removers) remove()
  await running
  await gateway.close({ timeout: drainTimeout })
}

/** Prints a line for each address that was not printed before. */
function announcer(gateway: Gateway, { stdout }: ProgramIo): () => void {
  let printed: readonly string[] = []
  return () => {
    const lines = gateway.addresses.map(({ listener, url, socket }) =>
      JSON.stringify({ event: 'listening', listener, ...(url === undefined ? { socket } : { url }) }),
    )
    for (const line of lines) if (!printed.includes(line)) stdout.write(`${line}\n`)
    printed = lines
  }
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : 'unexpected failure'
}
