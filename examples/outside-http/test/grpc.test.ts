import {
  credentials,
  Client as GrpcClient,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { createSelfSigned } from '../../../packages/testing/test/certificates.ts'
import { grpcCallCredentials } from '../src/grpc.ts'
import { startTokenSource } from './servers/token-check.ts'

const codec = (value: string): Buffer => Buffer.from(value)
const parse = (buffer: Buffer): string => buffer.toString()

/** A method without a schema: texts in, texts out. */
const greet: MethodDefinition<string, string> = {
  path: '/acme.Orders/Greet',
  requestStream: false,
  responseStream: false,
  requestSerialize: codec,
  requestDeserialize: parse,
  responseSerialize: codec,
  responseDeserialize: parse,
}

/** Starts a gRPC server over TLS that checks the token of each call. */
async function startGrpcServer(accepts: (token: string) => Promise<boolean>) {
  const { key, cert } = await createSelfSigned()
  const tokens: string[] = []
  const server = new Server()
  server.addService(
    { greet },
    {
      greet: async (call: { metadata: { get(name: string): unknown[] }; request: string }, callback: Callback) => {
        const [, token = ''] = String(call.metadata.get('authorization')[0]).split('Bearer ')
        tokens.push(token)
        if (await accepts(token)) callback(null, `hello ${call.request}`)
        else callback({ code: status.UNAUTHENTICATED, details: 'the token is not valid' })
      },
    },
  )
  const tls = ServerCredentials.createSsl(null, [{ private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }])
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', tls, (failure, bound) => (failure === null ? resolve(bound) : reject(failure)))
  })
  return {
    address: `127.0.0.1:${port}`,
    certificate: Buffer.from(cert),
    tokens,
    [Symbol.dispose]: () => server.forceShutdown(),
  }
}

type Callback = (failure: object | null, value?: string) => void

const call = (client: GrpcClient, name: string): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    client.makeUnaryRequest(greet.path, codec, parse, name, (failure: ServiceError | null, value?: string) =>
      failure === null ? resolve(value) : reject(failure),
    )
  })

describe('gRPC', () => {
  it('sends a token with each call, and the next one when it has expired', async () => {
    await using source = await startTokenSource(100)
    using server = await startGrpcServer(source.accepts)
    const channel = credentials.combineChannelCredentials(
      credentials.createSsl(server.certificate),
      grpcCallCredentials(source.client),
    )
    const client = new GrpcClient(server.address, channel)
    expect(await call(client, 'Ada')).toBe('hello Ada')
    expect(await call(client, 'Grace')).toBe('hello Grace')
    expect(source.grants()).toBe(1)
    source.advance(101)
    expect(await call(client, 'Edsger')).toBe('hello Edsger')
    expect(new Set(server.tokens).size).toBe(2)
    client.close()
  })

  it('fails the call with the error of the grant, without the secret', async () => {
    await using source = await startTokenSource(100)
    using server = await startGrpcServer(source.accepts)
    source.emulator.rotateSecret()
    const channel = credentials.combineChannelCredentials(
      credentials.createSsl(server.certificate),
      grpcCallCredentials(source.client),
    )
    const client = new GrpcClient(server.address, channel)
    await expect(call(client, 'Ada')).rejects.toThrow(/invalid_client/)
    expect(server.tokens).toEqual([])
    client.close()
  })
})
