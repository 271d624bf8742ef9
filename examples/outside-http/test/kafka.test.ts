import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { kafkaSasl } from '../src/kafka.ts'
import { startKafkaBroker } from './servers/kafka-broker.ts'
import { startTokenSource } from './servers/token-check.ts'

describe('kafkajs', () => {
  it('authenticates by OAUTHBEARER, and again with the next token before the session ends', async () => {
    await using source = await startTokenSource(100)
    // kafkajs authenticates again 10 s before a session ends, so with each request of this one.
    await using broker = await startKafkaBroker(source.accepts, 5000)
    const kafka = new Kafka({ brokers: [broker.address], sasl: kafkaSasl(source.client), logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    expect(await admin.listTopics()).toEqual([])
    expect(new Set(broker.tokens).size).toBe(1)
    // 45 of 100 seconds are left, which is less than `minimumLifetime`.
    source.advance(55)
    expect(await admin.listTopics()).toEqual([])
    await admin.disconnect()
    expect(new Set(broker.tokens).size).toBe(2)
    expect(source.grants()).toBe(2)
    expect(broker.served()).toBeGreaterThan(1)
  })

  it('fails with the broker’s message if the token is not valid', async () => {
    await using source = await startTokenSource(100)
    await using broker = await startKafkaBroker(async () => false, 5000)
    const kafka = new Kafka({
      brokers: [broker.address],
      sasl: kafkaSasl(source.client),
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    })
    await expect(kafka.admin().connect()).rejects.toThrow('the token is not valid')
  })
})
