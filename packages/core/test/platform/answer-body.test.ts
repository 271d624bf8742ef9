import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseBody, readBodyText } from '../../src/platform/answer-body.ts'
import { endless, type RecordingServer, startRecordingServer, text } from '../acquire/recording-server.ts'
import { measureGrowth, mostGrowth } from '../growth.ts'

const mebibyte = 1024 * 1024

describe('parseBody', () => {
  const record = { access_token: 'abc', expires_in: 3600 }
  const written = JSON.stringify(record)

  it.each([
    ['its own', 'application/json'],
    ['its own, in odd case and with parameters', 'Application/JSON; charset=UTF-8'],
    ['none', null],
    ['an empty one', ''],
    ['text', 'text/plain;charset=utf-8'],
    ['HTML', 'text/html'],
    ['a form', 'application/x-www-form-urlencoded'],
    ['bytes', 'application/octet-stream'],
    ['one of its own making', 'application/vnd.acme.token+json'],
  ])('R6: JSON is read with a content type that is %s', (_, contentType) => {
    expect(parseBody(written, contentType)).toEqual(record)
  })

  it.each([
    ['a byte order mark', `\uFEFF${written}`],
    ['space around it', `\r\n\t ${written} \n`],
    ['a byte order mark and space', `\uFEFF\n${written}\n`],
  ])('R6: JSON is read with %s', (_, body) => {
    expect(parseBody(body, 'application/json')).toEqual(record)
  })

  it.each([
    ['application/x-www-form-urlencoded', 'access_token=a%2Bb+c&token_type=bearer&expires_in=3600'],
    ['Application/X-WWW-Form-Urlencoded; charset=utf-8', 'access_token=a%2Bb+c&token_type=bearer&expires_in=3600'],
    ['text/plain', 'access_token=a%2Bb+c&token_type=bearer&expires_in=3600'],
    ['text/html; charset=utf-8', 'token_type=bearer&expires_in=3600&access_token=a%2Bb+c'],
    [null, 'token_type=bearer&access_token=a%2Bb+c&expires_in=3600'],
    [null, '\uFEFFaccess_token=a%2Bb+c&token_type=bearer&expires_in=3600\r\n'],
  ])('R6: a form is read with a content type of %s', (contentType, body) => {
    expect(parseBody(body, contentType)).toEqual({ access_token: 'a+b c', token_type: 'bearer', expires_in: '3600' })
  })

  it('R6: a form with brackets and quotes in it is read', () => {
    const form = { access_token: 'abc', note: '{"a":[1]}' }
    expect(parseBody('access_token=abc&note={"a":[1]}', null)).toEqual(form)
  })

  it.each(['application/x-www-form-urlencoded', 'Application/X-WWW-Form-Urlencoded; charset=utf-8'])(
    'R6: with a content type of %s, any text is a form, unless it begins as JSON does',
    (contentType) => {
      expect(parseBody('foo=bar&baz=1', contentType)).toEqual({ foo: 'bar', baz: '1' })
      expect(parseBody('{"access_token":"abc"', contentType)).toBe('{"access_token":"abc"')
    },
  )

  it('R6: an error as a form is read without its content type', () => {
    expect(parseBody('error=invalid_client&error_description=no+such+client', null)).toEqual({
      error: 'invalid_client',
      error_description: 'no such client',
    })
  })

  it.each([
    ['plain text', 'invalid client'],
    ['text with an equals sign', 'the value of x=1 is wrong'],
    ['text that begins as a form does', 'error=1 is what it said'],
    ['HTML', '<html><a href="?access_token=x">no</a></html>'],
    ['HTML with a form in it', '<p>a=1&access_token=b</p>'],
    ['broken JSON', '{"access_token":"abc"'],
    ['broken JSON that is a list', '[1,'],
    ['nothing', ''],
    ['a form of something else', 'foo=bar&baz=1'],
    ['a bare word', 'true'],
  ])('R6: %s stays text', (_, body) => {
    expect(parseBody(body, 'text/plain')).toBe(body)
  })

  it('R6: __proto__ in a form or in JSON changes nothing', () => {
    for (const body of ['__proto__=x&access_token=abc', '{"__proto__":{"polluted":1},"access_token":"abc"}']) {
      const parsed = parseBody(body, null) as Record<string, unknown>
      expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype)
      expect(parsed.access_token).toBe('abc')
      expect(parsed.polluted).toBeUndefined()
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it.each<[string, (size: number) => string]>([
    ['pairs', (size) => `${'a=b&'.repeat(size / 4)}<`],
    ['a name and signs', (size) => `a=${'='.repeat(size)}<`],
    ['a token and signs', (size) => `access_token=${'a='.repeat(size / 2)}<`],
  ])('G7: a long text that is nearly a form, %s, takes time by its length, not by the square of that', (_, make) => {
    const growth = measureGrowth((size) => parseBody(make(size), 'text/plain'), 32 * 1024)
    expect(growth).toBeLessThanOrEqual(mostGrowth)
    const longest = make(mebibyte)
    expect(parseBody(longest, 'text/plain')).toBe(longest)
  })
})

describe('readBodyText', () => {
  let server: RecordingServer
  beforeAll(async () => {
    server = await startRecordingServer()
  })
  afterAll(() => server.close())

  async function readAnswer(): Promise<string | undefined> {
    return await readBodyText(await fetch(server.origin))
  }

  it('G7: a body of exactly 1 MiB is read', async () => {
    server.answer(text('x'.repeat(mebibyte)))
    await expect(readAnswer()).resolves.toHaveLength(mebibyte)
  })

  it('G7: a body of 1 MiB and one byte is not read', async () => {
    server.answer(text('x'.repeat(mebibyte + 1)))
    await expect(readAnswer()).resolves.toBeUndefined()
  })

  it('G7: bytes are counted, not characters', async () => {
    server.answer(text('é'.repeat(mebibyte / 2 + 1)))
    await expect(readAnswer()).resolves.toBeUndefined()
  })

  it('G7: an endless body is not read further, and its connection is closed', async () => {
    const { answer, written } = endless()
    server.answer(answer)
    await expect(readAnswer()).resolves.toBeUndefined()
    await server.onlyRequest.connectionClosed
    expect(written()).toBeGreaterThan(mebibyte)
  })

  it('G7: the decompressed size counts', async () => {
    const { gzipSync } = await import('node:zlib')
    const packed = gzipSync(Buffer.alloc(8 * mebibyte, 'x'))
    expect(packed.byteLength).toBeLessThan(mebibyte)
    server.answer((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed))
    await expect(readAnswer()).resolves.toBeUndefined()
  })

  it('R6: characters split across chunks are put together', async () => {
    const told = 'é€\u{1f511}ÿ'
    server.answer((response) => {
      const bytes = Buffer.from(told)
      let index = 0
      const next = (): void => {
        if (index === bytes.length) response.end()
        else response.write(bytes.subarray(index, ++index), () => setImmediate(next))
      }
      next()
    })
    await expect(readAnswer()).resolves.toBe(told)
  })

  it('R6: characters split across chunks by a network are put together', async () => {
    const bytes = new TextEncoder().encode('é€\u{1f511}')
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    await expect(readBodyText(new Response(stream))).resolves.toBe('é€\u{1f511}')
  })

  it('R6: a byte order mark is removed, and broken UTF-8 does not fail', async () => {
    await expect(readBodyText(new Response(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d)))).resolves.toBe('{}')
    await expect(readBodyText(new Response(Uint8Array.of(0x61, 0xff, 0xc3)))).resolves.toBe('a\uFFFD\uFFFD')
  })

  it('R6: a missing body reads as an empty text', async () => {
    server.answer((response) => response.writeHead(204).end())
    await expect(readAnswer()).resolves.toHaveLength(0)
    await expect(readBodyText(new Response(null, { status: 204 }))).resolves.toBe('')
    await expect(readBodyText(new Response(''))).resolves.toBe('')
  })

  it('G7: a cancel that fails does not hide that the body was too long', async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(mebibyte)),
      cancel: () => Promise.reject(new Error('cannot be cancelled')),
    })
    await expect(readBodyText(new Response(stream))).resolves.toBeUndefined()
  })
})

describe('the cost of parsing a body', () => {
  it.each([
    ['pairs without an end', 'error=&', '<'],
    ['pairs of another name', 'error_=&', ''],
    ['names without a value', 'a.b-c&', ''],
    ['names without a separator', 'error', '='],
    ['ampersands', '&', ''],
    ['equals signs', '=', '<'],
    ['white space', ' ', '{'],
    ['brackets', '[', ''],
    ['quotes', '"', ''],
  ])('X3: grows with its length: %s', (_what, part, end) => {
    const growth = measureGrowth((size) => parseBody(`${part.repeat(size / part.length)}${end}`, null), 32 * 1024)
    expect(growth).toBeLessThanOrEqual(mostGrowth)
  })

  it.each([
    ['error=invalid_client', { error: 'invalid_client' }],
    ['access_token=a&x=<', 'access_token=a&x=<'],
    ['a.b-c=1&_x=&access_token=a&b', { 'a.b-c': '1', _x: '', access_token: 'a', b: '' }],
    ['a=1&error=x&error=y', { a: '1', error: 'y' }],
    ['a=1', 'a=1'],
    ['=1&error=x', '=1&error=x'],
    ['a b=1&error=x', 'a b=1&error=x'],
    ['a&error=x', 'a&error=x'],
    ['a%=1&error=x', 'a%=1&error=x'],
    ['error', 'error'],
    ['', ''],
  ])('R6: %s is a form, or text', (text, expected) => {
    expect(parseBody(text, null)).toEqual(expected)
  })
})
