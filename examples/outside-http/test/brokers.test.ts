import { connect } from 'amqplib'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectAmqp } from '../src/amqp.ts'
import { connectMqtt } from '../src/mqtt.ts'
import { hasRabbitmq, type RabbitmqBroker, startRabbitmq } from './servers/rabbitmq-broker.ts'

describe.skipIf(!hasRabbitmq)('RabbitMQ with OAuth 2.0 (if it is installed)', () => {
  let broker: RabbitmqBroker

  beforeAll(async () => {
    broker = await startRabbitmq()
  }, 120_000)

  afterAll(async () => {
    await broker[Symbol.asyncDispose]()
  }, 120_000)

  /** Waits until the broker counts this time as passed. */
  const passed = (date: Date | undefined): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, Math.max(0, (date?.getTime() ?? 0) - Date.now()) + 1500))

  const grants = (): number => broker.emulator.requests.filter(({ part }) => part === 'token').length

  it('AMQP: a connection goes on after its first token has expired, because it gets the next one', async () => {
    await broker.client.forget()
    broker.setLifetime(15)
    const failures: unknown[] = []
    const { connection, renew } = await connectAmqp(broker.client, broker.amqpUrl, (failure) => failures.push(failure))
    connection.on('error', (failure) => failures.push(failure))
    const { expiresAt } = await broker.client.token()
    const before = grants()
    broker.setLifetime(3600)
    const channel = await connection.createChannel()
    const { queue } = await channel.assertQueue('', { exclusive: true })
    await expect.poll(grants, { timeout: 60_000 }).toBeGreaterThan(before)
    await renew()
    // The broker checks the time as it acts on a channel, so this fails with an expired token.
    await passed(expiresAt)
    const received = new Promise<string>((resolve) => {
      void channel.consume(queue, (message) => resolve(message?.content.toString() ?? ''), { noAck: true })
    })
    channel.sendToQueue(queue, Buffer.from('order A-1'))
    expect(await received).toBe('order A-1')
    expect(failures).toEqual([])
    await connection.close()
  })

  it('AMQP: the broker rejects what a connection does after its token has expired', async () => {
    await broker.client.forget()
    broker.setLifetime(10)
    const { value, expiresAt } = await broker.client.token()
    const address = new URL(broker.amqpUrl)
    address.username = 'token'
    address.password = value
    const connection = await connect(address.href)
    connection.on('error', () => {})
    const channel = await connection.createChannel()
    channel.on('error', () => {})
    await channel.assertQueue('early', { exclusive: true })
    await passed(expiresAt)
    await expect(channel.assertQueue('late')).rejects.toThrow(/ACCESS.REFUSED|expired|closed/i)
    await connection.close().catch(() => {})
  })

  it('MQTT: the token is the password, and a new connection has a new one', async () => {
    await broker.client.forget()
    broker.setLifetime(3600)
    const connection = await connectMqtt(broker.client, broker.mqttUrl, { reconnectPeriod: 200, clean: true })
    const received = new Promise<string>((resolve) => {
      connection.on('message', (_, payload) => resolve(payload.toString()))
    })
    await connection.subscribeAsync('orders/new')
    await connection.publishAsync('orders/new', 'order A-2')
    expect(await received).toBe('order A-2')

    const first = connection.options.password
    await broker.client.forget()
    const again = new Promise<void>((resolve) => connection.once('connect', () => resolve()))
    connection.stream.destroy()
    await again
    await expect.poll(() => connection.options.password, { timeout: 30_000 }).not.toBe(first)
    await connection.endAsync()
  })

  it('MQTT: the broker rejects what is no token', async () => {
    const options = { username: 'token', password: 'no token', reconnectPeriod: 0 }
    await expect(connectAsync(broker.mqttUrl, options)).rejects.toThrow(/not authorized|bad user/i)
  })
})
