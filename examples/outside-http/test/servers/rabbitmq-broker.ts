import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Client, createClient } from '@nightlatch/core'
import { type StandardEmulator, standardEmulation, startEmulator } from '@nightlatch/testing'
import { asUnprivileged, findProgram, freePort, run, start } from '../../../../tools/src/installed-program.ts'

/** RabbitMQ's own script: Debian's would change to the user of its service. */
const server = findProgram('/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server')
const plugin = findProgram('/usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins/rabbitmq_auth_backend_oauth2-*')

/** Whether RabbitMQ is installed, with its plugins for OAuth 2.0. */
export const hasRabbitmq: boolean = server !== undefined && plugin !== undefined

/** A RabbitMQ that accepts tokens of an emulated authorization server. */
export interface RabbitmqBroker extends AsyncDisposable {
  readonly amqpUrl: string
  readonly mqttUrl: string
  readonly client: Client
  readonly emulator: StandardEmulator
  /** Sets the lifetime of the next tokens, in seconds. */
  setLifetime(seconds: number): void
}

/** Starts RabbitMQ with its plugins for OAuth 2.0 and MQTT, as a user without rights. */
export async function startRabbitmq(): Promise<RabbitmqBroker> {
  const key = randomBytes(32)
  let lifetime = 3600
  const emulator = await startEmulator(
    standardEmulation({
      // RabbitMQ checks signature, audience and scopes of the token itself.
      answerToken: () => ({
        body: { access_token: signToken(key, lifetime), token_type: 'Bearer', expires_in: lifetime },
      }),
    }),
  )
  const ground = asUnprivileged()
  const [amqp, mqtt, distribution, epmd] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const { folder, user } = ground
  writeFileSync(join(folder, 'enabled_plugins'), '[rabbitmq_auth_backend_oauth2,rabbitmq_mqtt].\n')
  const config = [`listeners.tcp.1 = 127.0.0.1:${amqp}`, `mqtt.listeners.tcp.1 = 127.0.0.1:${mqtt}`]
  writeFileSync(
    join(folder, 'rabbitmq.conf'),
    [...config, 'auth_backends.1 = rabbit_auth_backend_oauth2', 'mqtt.allow_anonymous = false', ''].join('\n'),
  )
  const jwk = `#{<<"kty">> => <<"oct">>, <<"alg">> => <<"HS256">>, <<"k">> => <<"${key.toString('base64url')}">>}`
  const keys = `{key_config, [{default_key, <<"test">>}, {signing_keys, #{<<"test">> => {map, ${jwk}}}}]}`
  const oauth = `{rabbitmq_auth_backend_oauth2, [{resource_server_id, <<"rabbitmq">>}, ${keys}]}`
  writeFileSync(join(folder, 'advanced.config'), `[${oauth}].\n`)
  const environment = {
    PATH: process.env.PATH,
    HOME: folder,
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `rabbit-${randomUUID()}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
  }
  const options = { ...user, env: environment }
  const isReady = async (output: string): Promise<boolean> =>
    output.includes('completed with') && (await isOpen(amqp)) && (await isOpen(mqtt))
  const broker = await start(server ?? '', [], options, isReady)
  const client = createClient(
    { name: 'acme', tokenEndpoint: emulator.tokenEndpoint },
    { credentials: emulator.credentials, timeout: 60 },
  )
  return {
    amqpUrl: `amqp://127.0.0.1:${amqp}`,
    mqttUrl: `mqtt://127.0.0.1:${mqtt}`,
    client,
    emulator,
    setLifetime(seconds) {
      lifetime = seconds
    },
    async [Symbol.asyncDispose]() {
      await client.close()
      await broker[Symbol.asyncDispose]()
      // The port mapper of this node only; it would go on without a node.
      run(findProgram('/usr/bin/epmd', '/usr/lib/erlang/bin/epmd') ?? 'epmd', ['-port', String(epmd), '-kill'], options)
      await emulator.close()
      ground[Symbol.dispose]()
    },
  }
}

/** A token for all that a user may do. */
function signToken(key: Buffer, lifetime: number): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const scope = ['configure', 'write', 'read'].map((permission) => `rabbitmq.${permission}:*/*/*`)
  const exp = Math.floor(Date.now() / 1000) + lifetime
  const signed = `${encode({ alg: 'HS256', typ: 'JWT', kid: 'test' })}.${encode({ sub: 'orders', aud: ['rabbitmq'], scope, exp, jti: randomUUID() })}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
