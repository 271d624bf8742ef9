/**
 * Opens sessions of a PostgreSQL server, and prints what happened as JSON. It is a process of its own, because pg loads its parts by
 * `require`, and the conditions of Vitest would make that load modules.
 */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Pool } from 'pg'
import { asUnprivileged, freePort, run, start } from '../../../../tools/src/installed-program.ts'
import { postgresPassword } from '../../src/postgres.ts'
import { startLdapDirectory } from '../servers/ldap-directory.ts'
import { startTokenSource } from '../servers/token-check.ts'

const [, , initdb = ''] = process.argv
await using source = await startTokenSource(100)
const passwords: string[] = []
await using directory = await startLdapDirectory(async (password) => {
  passwords.push(password)
  return await source.accepts(password)
})
using ground = asUnprivileged()
const data = join(ground.folder, 'data')
run(initdb, ['-D', data, '--auth=trust', '-U', 'owner', '--no-sync'], ground.user)
const check = `ldap ldapserver=127.0.0.1 ldapport=${directory.port} ldapprefix="cn=" ldapsuffix=""`
const rules = [`host all orders 127.0.0.1/32 ${check}`, 'host all owner 127.0.0.1/32 trust', '']
writeFileSync(join(data, 'pg_hba.conf'), rules.join('\n'))
const port = await freePort()
const parameters = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', ground.folder, '-F']
const isReady = async (output: string): Promise<boolean> => output.includes('ready to accept connections')
await using server = await start(join(dirname(initdb), 'postgres'), parameters, ground.user, isReady, 'SIGINT')

const address = { host: '127.0.0.1', port, database: 'postgres' }
const owner = new Pool({ ...address, user: 'owner' })
await owner.query('CREATE ROLE orders LOGIN')
await owner.end()

const password = postgresPassword(source.client)
const pool = new Pool({ ...address, user: 'orders', password, max: 3 })
const sessions = await Promise.all([1, 2, 3].map(() => pool.connect()))
const users = await Promise.all(sessions.map((session) => session.query('SELECT current_user AS name')))
const first = { users: users.map(({ rows }) => rows[0].name), passwords: passwords.length, tokens: countTokens() }

source.advance(101)
const [open, ...others] = sessions
const stillOpen = (await open?.query('SELECT 1 AS one'))?.rows
for (const session of [open, ...others]) session?.release(true)
const next = (await pool.query('SELECT current_user AS name')).rows[0].name
await pool.end()

const expired = new Pool({ ...address, user: 'orders', password: async () => passwords[0] ?? '' })
const refusal: unknown = await expired.query('SELECT 1').catch((failure: unknown) => failure)
await expired.end()

const log = server.output()
const isSecret = passwords.some((one) => log.includes(one))
const result = { first, stillOpen, next, tokens: countTokens(), refusal: (refusal as Error).message, isSecret }
process.stdout.write(JSON.stringify(result))

function countTokens(): number {
  return new Set(passwords).size
}
