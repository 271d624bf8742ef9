import { Readable } from 'node:stream'
import * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { isRequest, isStream } from '../../src/fetch/request-input.ts'

const address = 'https://api.acme.example/x'

describe('what fetch is given', () => {
  it('is a Request, whoever brought it, or an address', () => {
    expect(isRequest(new Request(address))).toBe(true)
    expect(isRequest(new undici.Request(address))).toBe(true)
    const others = [{ href: address }, { url: address }, { url: address, headers: {} }, { clone: () => address }]
    for (const input of [address, new URL(address), undefined, null, ...others]) {
      expect(isRequest(input)).toBe(false)
    }
  })

  it.each<[string, () => unknown]>([
    ['a web stream', () => new Blob(['b']).stream()],
    ['a Node stream', () => Readable.from(['b'])],
    [
      'a generator',
      () =>
        (async function* () {
          yield new Uint8Array(1)
        })(),
    ],
  ])('H3: %s is gone once it was sent', (_what, body) => {
    expect(isStream(body())).toBe(true)
  })

  it.each<[string, unknown]>([
    ['a string', 'b'],
    ['bytes', new Uint8Array(1)],
    ['a Blob', new Blob(['b'])],
    ['a form', new FormData()],
    ['parameters', new URLSearchParams()],
    ['nothing', undefined],
    ['null', null],
  ])('H3: %s can be sent again', (_what, body) => {
    expect(isStream(body)).toBe(false)
  })
})
