import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Asks, as a client that may go away: with a reset, for of a mere end workerd learns only when it answers. */
export async function askAndLeave(url: string): Promise<{ leave(): void }> {
  const { hostname, port, pathname, search } = new URL(url)
  const socket: Socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`)
  return { leave: () => void socket.resetAndDestroy() }
}
