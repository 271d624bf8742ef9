import { ImapFlow } from 'imapflow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imapConnection, type Mailbox, smtpTransport } from '../src/mail.ts'
import { hasDovecot, type MailServer, startMailServer } from './servers/mail-server.ts'
import { startTokenSource, type TokenSource } from './servers/token-check.ts'

const user = 'orders@acme.example'

describe.skipIf(!hasDovecot)('Dovecot (if it is installed)', () => {
  let source: TokenSource
  let server: MailServer

  beforeAll(async () => {
    source = await startTokenSource(300)
    server = await startMailServer(source.accepts, user)
  }, 120_000)

  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await source[Symbol.asyncDispose]()
  })

  const mailbox = (port: number): Mailbox => ({ host: '127.0.0.1', port, user, tls: { ca: server.certificate } })

  it('SMTP: nodemailer submits mail by XOAUTH2', async () => {
    const transport = await smtpTransport(source.client, mailbox(server.smtpPort))
    await transport.sendMail({ from: user, to: 'ada@acme.example', subject: 'Order A-1', text: 'It is on its way.' })
    transport.close()
    expect(server.submitted).toHaveLength(1)
    expect(server.submitted[0]).toContain('Subject: Order A-1')
  })

  it('IMAP: imapflow reads mail by OAUTHBEARER', async () => {
    const connection = await imapConnection(source.client, mailbox(server.imapPort))
    await connection.append('INBOX', 'Subject: Order A-2\r\n\r\nIt has arrived.\r\n')
    expect(await connection.mailboxOpen('INBOX')).toMatchObject({ path: 'INBOX', exists: 1 })
    await connection.logout()
    expect(server.log()).toMatch(/Login: user=<orders@acme\.example>, method=OAUTHBEARER/)
  })

  it('IMAP: imapflow uses XOAUTH2 where a server offers nothing else', async () => {
    await using older = await startMailServer(source.accepts, user, 'xoauth2')
    const connection = await imapConnection(source.client, {
      ...mailbox(older.imapPort),
      tls: { ca: older.certificate },
    })
    expect(await connection.mailboxOpen('INBOX')).toMatchObject({ path: 'INBOX' })
    await connection.logout()
    expect(older.log()).toMatch(/Login: user=<orders@acme\.example>, method=XOAUTH2/)
  })

  it('IMAP: a session gets a token that has a minute left', async () => {
    const before = source.grants()
    const first = await source.client.token()
    source.advance(250)
    const connection = await imapConnection(source.client, mailbox(server.imapPort))
    await connection.logout()
    expect(source.grants()).toBeGreaterThan(before)
    expect((await source.client.token()).value).not.toBe(first.value)
  })

  it('IMAP: a token that has expired is rejected', async () => {
    const { value } = await source.client.token()
    source.advance(301)
    const connection = new ImapFlow({
      host: '127.0.0.1',
      port: server.imapPort,
      doSTARTTLS: true,
      tls: { ca: server.certificate },
      logger: false,
      auth: { user, accessToken: value },
    })
    await expect(connection.connect()).rejects.toMatchObject({ authenticationFailed: true })
    expect(server.log()).not.toContain(value)
  })
})
