import type { GatewayConfiguration } from '../configuration.ts'
import type { Environment } from '../secret-reference.ts'

/** The first descriptor that systemd passes. */
const firstDescriptor = 3

/**
 * Listens on the sockets that systemd passes, if the configuration has no `listen`. A socket named `admin` (`FileDescriptorName`)
 * becomes the admin listener, unless the configuration has one.
 *
 * @see {@link https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html sd_listen_fds}
 */
export function withPassedSockets(
  config: GatewayConfiguration,
  environment: Environment,
  pid: number,
): GatewayConfiguration {
  const { LISTEN_PID, LISTEN_FDS = '', LISTEN_FDNAMES = '' } = environment
  const count = LISTEN_PID === String(pid) && /^\d{1,4}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : 0
  if (count === 0 || config.listen !== undefined) return config
  const names = LISTEN_FDNAMES.split(':')
  const sockets = Array.from({ length: count }, (_, at) => ({ name: names[at], descriptor: firstDescriptor + at }))
  const admin = config.admin === undefined ? sockets.find(({ name }) => name === 'admin') : undefined
  const main = sockets.filter((socket) => socket !== admin)
  return {
    ...config,
    ...(main.length > 0 && { listen: main.map(({ descriptor }) => ({ descriptor })) }),
    ...(admin !== undefined && { admin: { descriptor: admin.descriptor } }),
  }
}
