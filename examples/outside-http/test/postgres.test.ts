import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { findProgram } from '../../../tools/src/installed-program.ts'

const initdb = findProgram('/usr/lib/postgresql/*/bin/initdb', '/usr/local/bin/initdb')

describe.skipIf(initdb === undefined)('PostgreSQL (if it is installed)', () => {
  it('gets the token as the password of each new connection', { timeout: 120_000 }, async () => {
    const script = join(import.meta.dirname, 'processes/postgres-sessions.ts')
    const parameters = ['--conditions=@nightlatch/source', script, initdb ?? '']
    const { stdout } = await promisify(execFile)(process.execPath, parameters, { timeout: 110_000 })
    expect(JSON.parse(stdout)).toEqual({
      first: { users: ['orders', 'orders', 'orders'], passwords: 3, tokens: 1 },
      // An open connection outlives its token. A new one gets another token.
      stillOpen: [{ one: 1 }],
      next: 'orders',
      tokens: 2,
      refusal: 'LDAP authentication failed for user "orders"',
      isSecret: false,
    })
  })
})
