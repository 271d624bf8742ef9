import { describe, expect, it } from 'vitest'
import { AssertionReader, findAudienceHint, readAssertion, subjectOf } from '../../src/acquire/assertion-source.ts'
import { failureOf } from './failure-of.ts'
import { findLeaks } from './printings.ts'

const now = Date.UTC(2026, 10, 30, 12)
const seconds = now / 1000

function toJwt(claims: unknown): string {
  return `${encode({ alg: 'RS256' })}.${encode(claims)}.MARKEDsignature`
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

describe('the JWT of a source', () => {
  it('is returned without blanks around it, with its claims', async () => {
    const claims = { iss: 'https://platform.example', sub: 'robot ü', exp: seconds + 60 }
    const jwt = toJwt(claims)
    expect(await readAssertion(async () => ` ${jwt}\n`, now)).toEqual({ jwt, claims })
  })

  it('is not returned once it has expired: the error names the source and the age', async () => {
    const jwt = toJwt({ sub: 'robot', exp: seconds - 340 })
    const fromVault = (): string => jwt
    const failure = await failureOf(readAssertion(fromVault, now))
    expect(failure.code).toBe('invalid_options')
    expect(failure.message).toContain('The JWT of the source `fromVault` expired 340 s ago')
    expect(findLeaks(failure, [jwt, 'MARKEDsignature', jwt.split('.')[1] ?? ''])).toEqual([])
  })

  it('has expired at the very instant of `exp`, and lives before it', async () => {
    expect((await failureOf(readAssertion(() => toJwt({ exp: seconds }), now))).message).toContain('expired 0 s ago')
    await expect(readAssertion(() => toJwt({ exp: seconds + 1 }), now)).resolves.toBeDefined()
  })

  it.each([undefined, 'soon', null, { sub: 1 }, [1]])(
    'without an `exp` that is a number is left to the server: %j',
    async (exp) => {
      await expect(readAssertion(() => toJwt({ exp }), now)).resolves.toBeDefined()
    },
  )

  it.each([
    ['', '0 characters that are no JWT'],
    ['MARKED secret', '13 characters that are no JWT'],
    ['MARKED.secret', '13 characters that are no JWT'],
    ['MA.RK.ED.secret', '15 characters that are no JWT'],
    ['MARKED.se cret.x', '16 characters that are no JWT'],
    ['.MARKED.secret', '14 characters that are no JWT'],
    ['{"token":"MARKED"}', '18 characters that are no JWT'],
    [undefined, 'a value of type undefined'],
    [{ value: 'MARKED' }, 'a value of type object'],
  ])('X1: must be in compact form, and is not shown if it is not: %j', async (returned, said) => {
    const source = (() => returned) as () => string
    const failure = await failureOf(readAssertion(source, now))
    expect(failure.code).toBe('invalid_options')
    expect(failure.message).toBe(`the source \`source\` returned ${said}: it must return a JWT in compact form`)
  })

  it.each([
    ['encrypted', 'a.b.c.d.e'],
    ['of claims that are no object', toJwt(null)],
    ['of claims that are no JSON', 'a.b.c'],
    ['without a signature', 'a.b.'],
  ])('may be %s: the server judges it', async (_name, jwt) => {
    expect(await readAssertion(() => jwt, now)).toEqual({ jwt, claims: {} })
  })

  it('fails as the source fails', async () => {
    const failure = new Error('the vault is sealed')
    await expect(readAssertion(() => Promise.reject(failure), now)).rejects.toBe(failure)
  })

  it('a source without a name is called by what it is', async () => {
    const failure = await failureOf(
      readAssertion(
        (
          () => () =>
            ''
        )(),
        now,
      ),
    )
    expect(failure.message).toContain('the source of the assertion returned')
  })

  it('X3: a text that is almost a JWT is looked at in linear time', async () => {
    // Each doubling of the length may double the time; ten doublings of a backtracking expression would not end.
    const failure = await failureOf(readAssertion(() => `${'a'.repeat(2 ** 20)}.${'.'.repeat(2 ** 20)}!`, now))
    expect(failure.code).toBe('invalid_options')
  })
})

describe('the JWTs of one request', () => {
  const create = (...jwts: readonly string[]) => {
    const left = [...jwts]
    let asked = 0
    const source = (): string => {
      asked += 1
      return left.shift() ?? ''
    }
    return { source, asked: () => asked }
  }
  const [first, second] = [toJwt({ sub: 'a', exp: seconds + 60 }), toJwt({ sub: 'b', exp: seconds + 600 })]

  it('are those that the source returns, one an attempt', async () => {
    const { source, asked } = create(first, second)
    const reader = new AssertionReader(source, () => now)
    expect(reader.sentSubject).toBeUndefined()
    expect((await reader.read()).jwt).toBe(first)
    expect(reader.sentSubject).toBe('[null,"a"]')
    expect((await reader.read()).jwt).toBe(second)
    expect(reader.sentSubject).toBe('[null,"b"]')
    expect(asked()).toBe(2)
  })

  it('begin with the one that the source has just returned, if there is one', async () => {
    const { source, asked } = create(second)
    const reader = new AssertionReader(source, () => now, await readAssertion(() => first, now))
    expect((await reader.read()).jwt).toBe(first)
    expect(asked()).toBe(0)
    expect((await reader.read()).jwt).toBe(second)
  })

  it.each([
    [59_999, 'a'],
    [60_000, 'b'],
  ])('do not begin with one that has expired meanwhile: after %d ms it is that of %s', async (passed, subject) => {
    const { source } = create(second)
    const reader = new AssertionReader(source, () => now + passed, await readAssertion(() => first, now))
    await reader.read()
    expect(reader.sentSubject).toBe(`[null,"${subject}"]`)
  })

  it('after a rejection the next is another one, or there is none', async () => {
    const { source, asked } = create(first, first, second)
    const reader = new AssertionReader(source, () => now)
    await reader.read()
    expect(await reader.renew()).toBe(false)
    expect(await reader.renew()).toBe(true)
    expect((await reader.read()).jwt).toBe(second)
    expect(asked()).toBe(3)
  })
})

it('L8: after a rejection before any JWT was sent, the one that the source returns is another one', async () => {
  const jwt = toJwt({ sub: 'a', exp: seconds + 60 })
  const reader = new AssertionReader(
    () => jwt,
    () => now,
  )
  expect(await reader.renew()).toBe(true)
})

describe('whose JWT it is', () => {
  const subject = (claims: object): string | undefined =>
    subjectOf({ jwt: '', claims: claims as Record<string, unknown> })

  it('depends on issuer and subject, and on nothing that changes', () => {
    const robot = subject({ iss: 'a', sub: 'b', jti: '1', exp: 1 })
    expect(subject({ iss: 'a', sub: 'b', jti: '2', exp: 2 })).toBe(robot)
    expect(subject({ iss: 'a', sub: 'c' })).not.toBe(robot)
    expect(subject({ iss: 'c', sub: 'b' })).not.toBe(robot)
    expect(subject({ sub: 'b' })).not.toBe(robot)
  })

  it('is injective', () => {
    expect(subject({ iss: 'a","b', sub: 'c' })).not.toBe(subject({ iss: 'a', sub: 'b","c' }))
    expect(subject({ iss: 'null', sub: 'b' })).not.toBe(subject({ sub: 'b' }))
  })

  it('is unknown without a subject', () => {
    expect(subject({ iss: 'a' })).toBeUndefined()
    expect(subject({ sub: 7 })).toBeUndefined()
  })
})

describe('the hint about the audience', () => {
  const hint = (aud: unknown, issuer?: string): string | undefined =>
    findAudienceHint({ jwt: '', claims: { aud } }, issuer)

  it('names both where the issuer is not among the audiences', () => {
    expect(hint('api://other', 'https://login.example')).toContain(
      'The assertion has the audience "api://other", and the issuer is "https://login.example".',
    )
    expect(hint(['a', 'b'], 'https://login.example')).toContain('the audience "a", "b"')
    expect(hint(undefined, 'https://login.example')).toContain('has no audience')
  })

  it('is none where the issuer is among them, or not known', () => {
    expect(hint('https://login.example', 'https://login.example')).toBeUndefined()
    expect(hint('https://login.example/', 'https://login.example')).toBeUndefined()
    expect(hint(['a', 'https://login.example'], 'https://login.example/')).toBeUndefined()
    expect(hint('a', undefined)).toBeUndefined()
  })

  it('is of bounded length', () => {
    expect(hint('a'.repeat(10_000), 'https://login.example')?.length).toBeLessThan(700)
  })
})
