import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { isCommandRefused, isWrongType, redisFailure } from '../src/redis-failure.ts'

class ReplyError extends Error {
  readonly command = { name: 'set', args: ['nightlatch:{a}', 's3cret'] }
}

class ClientOfflineError extends Error {}

describe('an error of Redis', () => {
  it.each([
    ['READONLY You can’t write against a read only replica.', 'READONLY'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'OOM'],
    ["ERR unknown command 'x', with args beginning with: 's3cret'", 'ERR'],
    ['NOAUTH', 'NOAUTH'],
    ['Something with s3cret', 'ReplyError'],
  ])('X1: %j is said as %s', (message, word) => {
    const failure = redisFailure('set', new ReplyError(message))
    expect(failure.message).toBe(`redisStore: set failed: ${word}`)
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('s3cret')
    expect(failure.cause).toBeUndefined()
  })

  it('is the code of a network failure', () => {
    const failure = Object.assign(new Error('connect failed to 10.0.0.1'), { code: 'ECONNREFUSED' })
    expect(redisFailure('get', failure).message).toBe('redisStore: get failed: ECONNREFUSED')
  })

  it('is the class of a client’s own error', () => {
    expect(redisFailure('get', new ClientOfflineError('offline')).message).toContain('ClientOfflineError')
  })

  it.each([
    [new ReplyError('NOPERM User app has no permissions'), 'NOPERM'],
    [Object.assign(new Error('connect failed to 10.0.0.1'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new ClientOfflineError('offline'), 'CLIENT_OFFLINE'],
    [new Error('Connection is closed.'), undefined],
  ])('S3: has a code, which events report: %s is %s', (failure, code) => {
    expect(redisFailure('get', failure).code).toBe(code)
  })

  it.each([new Error('Connection is closed.'), 'text s3cret', undefined, { code: 's3cret' }])(
    'has a generic message if no code is known: %s',
    (failure) => {
      expect(redisFailure('get', failure).message).toBe('redisStore: get failed: the client reported an unknown error')
    },
  )

  it.each([
    "NOPERM User app has no permissions to run the 'eval' command",
    "NOPERM this user has no permissions to run the 'eval' command or its subcommand",
    'ERR unknown command `eval`, with args beginning with: ',
    'ERR syntax error',
    'ERR This command is disabled',
  ])('recognizes a command that this user is not allowed to run: %s', (message) => {
    expect(isCommandRefused(new Error(message))).toBe(true)
  })

  it.each(['READONLY x', 'OOM command not allowed', 'ERR max number of clients reached', 'Connection is closed.'])(
    'does not treat another failure as a rejected command: %s',
    (message) => {
      expect(isCommandRefused(new Error(message))).toBe(false)
    },
  )

  it('recognizes a key of another type', () => {
    expect(isWrongType(new Error('WRONGTYPE Operation against a key'))).toBe(true)
    expect(isWrongType(new Error('ERR'))).toBe(false)
    expect(isWrongType('WRONGTYPE')).toBe(false)
  })
})
