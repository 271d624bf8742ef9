import { request } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import {
  type CertificateAuthority,
  type CertificateOptions,
  createSelfSigned,
} from '../../../testing/test/certificates.ts'

/** How a server's certificate is made; it ends in 90 days by default. */
export interface ServerOptions extends CertificateOptions {
  /** Who signs; default: the certificate's own key. */
  readonly authority?: CertificateAuthority
}

/** An https server on 127.0.0.1 that hands every request on to another server. */
export async function startCertifiedServer(
  target: string,
  { authority, ends = 90, ...others }: ServerOptions = {},
): Promise<CertifiedServer> {
  const options = { ...others, ends }
  const { key, cert } =
    authority === undefined
      ? await createSelfSigned({ name: 'nobody else', ...options })
      : await authority.issueServer({ name: 'certified server', ...options })
  const server = createServer({ key, cert }, (incoming, response) => {
    const { method, url, headers } = incoming
    const onward = request(new URL(url ?? '/', target), { method: method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `https://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export interface CertifiedServer {
  readonly port: number
  readonly url: string
  close(): Promise<void>
}
