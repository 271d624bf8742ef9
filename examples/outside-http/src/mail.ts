/**
 * Mail: XOAUTH2 for SMTP by nodemailer, and OAUTHBEARER or XOAUTH2 for IMAP
 * by imapflow.
 */
import type { Client } from '@nightlatch/core'
import { ImapFlow } from 'imapflow'
import { createTransport, type Transporter } from 'nodemailer'

/**
 * Seconds. A mail server checks the token as the session begins, so the
 * token must be valid until then.
 */
const minimumLifetime = 60

/** Where a mail server is, and whose mailbox is meant. */
export interface Mailbox {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Options of TLS, such as `ca`. */
  readonly tls?: object
}

/**
 * A transport for SMTP, for one batch of mail, because nodemailer keeps its
 * token.
 */
export async function smtpTransport(
  client: Client,
  { host, port, user, tls = {} }: Mailbox,
): Promise<Transporter> {
  const { value } = await client.token({ minimumLifetime })
  return createTransport({
    host,
    port,
    requireTLS: true,
    tls,
    auth: { type: 'OAuth2', user, accessToken: value },
  })
}

/**
 * A connection to IMAP. It cannot be opened twice, so each one has its own
 * token.
 */
export async function imapConnection(
  client: Client,
  { host, port, user, tls = {} }: Mailbox,
): Promise<ImapFlow> {
  const { value } = await client.token({ minimumLifetime })
  const auth = { user, accessToken: value }
  const connection = new ImapFlow({
    host,
    port,
    doSTARTTLS: true,
    tls,
    auth,
    logger: false,
  })
  await connection.connect()
  return connection
}
