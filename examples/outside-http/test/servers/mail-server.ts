import { writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createSelfSigned } from '../../../../packages/testing/test/certificates.ts'
import { asUnprivileged, findProgram, freePort, run, start } from '../../../../tools/src/installed-program.ts'

const dovecot = findProgram('/usr/sbin/dovecot')
const submission = findProgram('/usr/lib/dovecot/submission')

/** Whether Dovecot is installed, with its server for submitted mail. */
export const hasDovecot: boolean = dovecot !== undefined && submission !== undefined

/** A Dovecot that checks tokens at an introspection endpoint, and passes submitted mail on. */
export interface MailServer extends AsyncDisposable {
  readonly imapPort: number
  readonly smtpPort: number
  /** PEM, which clients must trust. */
  readonly certificate: string
  /** The mails that were submitted. */
  readonly submitted: readonly string[]
  readonly log: () => string
}

/**
 * Starts Dovecot as a user without rights.
 *
 * @param username whose mailbox the tokens are for
 * @param mechanisms that it offers, as its configuration has them
 */
export async function startMailServer(
  accepts: (token: string) => Promise<boolean>,
  username: string,
  mechanisms = 'oauthbearer xoauth2',
): Promise<MailServer> {
  const ground = asUnprivileged()
  const { folder, user } = ground
  const introspection = createHttpServer(async (request, response) => {
    const [, token = ''] = request.headers.authorization?.split('Bearer ') ?? []
    const active = await accepts(token)
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify(active ? { active, username } : { active }))
  })
  const submitted: string[] = []
  const relay = createRelay(submitted)
  const [introspectionPort, relayPort] = [await listen(introspection), await listen(relay)]
  const [imapPort, smtpPort] = [await freePort(), await freePort()]
  const { cert, key } = await createSelfSigned()
  const isRoot = process.getuid?.() === 0
  const own = isRoot ? 'nobody' : userInfo().username
  const { uid, gid } = isRoot ? { uid: 65_534, gid: 65_534 } : userInfo()
  const oauth = [
    `introspection_url = http://127.0.0.1:${introspectionPort}/introspect`,
    'introspection_mode = auth',
    'force_introspection = yes',
    'username_attribute = username',
    'active_attribute = active',
    'active_value = true',
  ]
  const settings = `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = /dev/stderr
default_internal_user = ${own}
default_login_user = ${own}
default_internal_group = ${isRoot ? 'nogroup' : String(gid)}
first_valid_uid = 1
protocols = imap submission
hostname = localhost
listen = 127.0.0.1
ssl = required
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
auth_mechanisms = ${mechanisms}
mail_location = maildir:${folder}/mail/%u
submission_relay_host = 127.0.0.1
submission_relay_port = ${relayPort}
submission_relay_trusted = no
passdb {
  driver = oauth2
  mechanisms = ${mechanisms}
  args = ${folder}/oauth.conf
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${folder}/mail/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${imapPort}
  }
  inet_listener imaps {
    port = 0
  }
}
service submission-login {
  chroot =
  inet_listener submission {
    port = ${smtpPort}
  }
  inet_listener submissions {
    port = 0
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
`
  const files = { 'cert.pem': cert, 'key.pem': key, 'oauth.conf': `${oauth.join('\n')}\n`, 'dovecot.conf': settings }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  run('/bin/mkdir', ['-p', 'run', 'state', 'mail'], user)
  const isReady = async (): Promise<boolean> => (await isOpen(imapPort)) && (await isOpen(smtpPort))
  const server = await start(dovecot ?? '', ['-F', '-c', join(folder, 'dovecot.conf')], user, isReady)
  return {
    imapPort,
    smtpPort,
    certificate: cert,
    submitted,
    log: server.output,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      introspection.closeAllConnections()
      introspection.close()
      relay.close()
      ground[Symbol.dispose]()
    },
  }
}

/** The next server on the way of submitted mail, which keeps it. */
function createRelay(submitted: string[]): Server {
  return createServer((socket) => {
    let buffered = ''
    let mail: string[] | undefined
    socket.write('220 relay ESMTP\r\n')
    socket.on('error', () => {})
    socket.on('data', (data) => {
      const lines = (buffered + data).split('\r\n')
      buffered = lines.pop() ?? ''
      for (const line of lines) {
        if (mail !== undefined && line !== '.') mail.push(line)
        else if (mail !== undefined) {
          submitted.push(mail.join('\n'))
          mail = undefined
          socket.write('250 accepted\r\n')
        } else if (line.startsWith('DATA')) {
          mail = []
          socket.write('354 go on\r\n')
        } else if (line.startsWith('QUIT')) socket.end('221 bye\r\n')
        else socket.write('250 relay\r\n')
      }
    })
  })
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
