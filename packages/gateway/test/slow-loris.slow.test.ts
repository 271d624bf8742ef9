import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { startTrial } from './start-trial.ts'

it('a client that sends its headers byte by byte is answered with 408, and others are served meanwhile', async () => {
  await using trial = await startTrial()
  const { hostname, port } = new URL(trial.url)
  const slow = Array.from({ length: 50 }, () => {
    const socket = connect({ host: hostname, port: Number(port) })
    socket.on('error', () => {})
    socket.write('GET /orders/a HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ')
    const drip = setInterval(() => socket.write('a'), 500)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    return new Promise<string>((resolve) =>
      socket.on('close', () => {
        clearInterval(drip)
        resolve(text)
      }),
    )
  })
  let isOver = false
  const ended = Promise.all(slow).finally(() => {
    isOver = true
  })
  while (!isOver) {
    expect((await fetch(`${trial.url}/orders/b`)).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  for (const text of await ended) expect(text).toMatch(/^(HTTP\/1\.1 408 |$)/)
})
