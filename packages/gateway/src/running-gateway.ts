import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { NightlatchError } from '@nightlatch/core'
import type { FastifyInstance } from 'fastify'
import { Agent } from 'undici'
import { activate, retire } from './active-configuration.ts'
import { AdminHandler } from './admin-handler.ts'
import { AuditLog } from './audit-log.ts'
import { CallerLoads } from './caller-load.ts'
import type { GatewayConfiguration } from './configuration.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway, GatewayAddress, GatewayOptions } from './gateway-types.ts'
import { IdleResponses } from './idle-responses.ts'
import { createMainApp } from './main-app.ts'
import { MainHandler, type MainParts } from './main-handler.ts'
import { ListeningServer } from './server.ts'
import { Traffic } from './traffic.ts'
import { handleUpgrade } from './upgrade-handler.ts'
import type { ValidAddress, ValidConfiguration } from './valid-configuration.ts'
import { validateConfiguration } from './validate-configuration.ts'

const drainSeconds = 30

/** The servers of one configuration. */
interface Servers {
  readonly main: readonly ListeningServer[]
  readonly admin: ListeningServer | undefined
}

/** A gateway: its servers, and what outlives a reload. */
export class RunningGateway implements Gateway {
  readonly #agent: Agent
  readonly #now: () => number
  readonly #app: FastifyInstance
  readonly #parts: MainParts
  readonly #handler: MainHandler
  readonly #admin: AdminHandler
  readonly #idle: IdleResponses
  #servers: Servers = { main: [], admin: undefined }
  /** Servers of earlier configurations that still have connections. */
  readonly #leaving = new Set<ListeningServer>()
  /** Reloads happen one after the other. */
  #reloading: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined

  private constructor(agent: Agent, parts: MainParts, handler: MainHandler, app: FastifyInstance, now: () => number) {
    this.#now = now
    this.#agent = agent
    this.#parts = parts
    this.#handler = handler
    this.#app = app
    this.#admin = new AdminHandler(parts)
    this.#idle = new IdleResponses(parts.open)
  }

  /** Starts a gateway. */
  static async start(config: ValidConfiguration, { audit, now = Date.now }: GatewayOptions): Promise<RunningGateway> {
    // Redirects are handed on, and TLS is verified, because these are undici's defaults; reply-from's would not verify.
    const agent = new Agent({ connect: { timeout: 5000 }, allowH2: false })
    const active = await activate(config, agent, undefined, now)
    const parts: MainParts = {
      active,
      audit: new AuditLog(audit, now),
      traffic: new Traffic(),
      loads: new CallerLoads(),
      open: new Set<Exchange>(),
      isDraining: false,
    }
    const handler = new MainHandler(parts)
    const gateway = new RunningGateway(agent, parts, handler, await createMainApp(handler), now)
    try {
      gateway.#servers = await gateway.#openServers(config)
    } catch (failure) {
      await gateway.close({ timeout: 0 })
      throw failure
    }
    return gateway
  }

  get addresses(): readonly GatewayAddress[] {
    const { main, admin } = this.#servers
    return [
      ...main.map(({ url, socket }): GatewayAddress => ({ listener: 'main', url, socket })),
      ...(admin === undefined ? [] : [{ listener: 'admin' as const, url: admin.url, socket: admin.socket }]),
    ]
  }

  reload(config: GatewayConfiguration): Promise<void> {
    const reloaded = this.#reloading.then(() => this.#reload(config))
    this.#reloading = reloaded.catch(() => {})
    return reloaded
  }

  async #reload(config: GatewayConfiguration): Promise<void> {
    const valid = await validateConfiguration(config)
    if (this.#closing !== undefined) return
    const before = this.#parts.active
    const next = await activate(valid, this.#agent, before, this.#now)
    let servers: Servers
    try {
      servers = await this.#openServers(valid)
    } catch (failure) {
      // The old configuration goes on.
      await retire(next, before)
      throw failure
    }
    const old = this.#servers
    this.#servers = servers
    this.#parts.active = next
    const kept = new Set([...servers.main, servers.admin])
    for (const server of [...old.main, old.admin]) {
      if (server === undefined || kept.has(server)) continue
      this.#leaving.add(server)
      void server.close().then(() => this.#leaving.delete(server))
    }
    await retire(before, next)
  }

  /** Servers for each address, those that listen already included. */
  async #openServers({ listen, admin }: ValidConfiguration): Promise<Servers> {
    const opened: ListeningServer[] = []
    const free = new Set(this.#servers.main)
    const reused: (() => Promise<void>)[] = []
    const reuse = (address: ValidAddress, candidates: Iterable<ListeningServer>): ListeningServer | undefined => {
      for (const server of candidates) {
        if (!server.serves(address)) continue
        free.delete(server)
        reused.push(() => server.update(address))
        return server
      }
      return undefined
    }
    const old = [...this.#servers.main, this.#servers.admin]
    const open = async (server: ListeningServer, address: ValidAddress): Promise<ListeningServer> => {
      if (isFixed(address) && old.some((each) => each?.isAt(address))) throw needsRestart(address)
      await server.listen()
      opened.push(server)
      return server
    }
    try {
      const main: ListeningServer[] = []
      for (const address of listen)
        main.push(reuse(address, free) ?? (await open(this.#createMainServer(address), address)))
      const known = this.#servers.admin === undefined ? [] : [this.#servers.admin]
      const adminServer = admin && (reuse(admin, known) ?? (await open(this.#createAdminServer(admin), admin)))
      for (const update of reused) await update()
      return { main, admin: adminServer }
    } catch (failure) {
      await Promise.all(opened.map((server) => server.close()))
      throw failure
    }
  }

  #createMainServer(address: ValidAddress): ListeningServer {
    const listening = new ListeningServer(address, this.#app.routing)
    listening.server.on('upgrade', (request, socket, head: Buffer) => {
      handleUpgrade(this.#parts, this.#handler, request, socket as Socket, head).catch(() => socket.destroy())
    })
    return listening
  }

  #createAdminServer(address: ValidAddress): ListeningServer {
    return new ListeningServer(address, (request, response) => {
      this.#admin.handle(request, response).catch(() => response.destroy())
    })
  }

  close({ timeout = drainSeconds }: { readonly timeout?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(timeout)
    return this.#closing
  }

  async #close(timeout: number): Promise<void> {
    await this.#reloading
    const { main, admin } = this.#servers
    const servers = [...main, ...this.#leaving, ...(admin === undefined ? [] : [admin])]
    this.#parts.isDraining = true
    const closed = Promise.all(servers.map((server) => server.close()))
    // A connection whose response had begun before the drain becomes idle later.
    const sweep = setInterval(() => {
      for (const server of servers) server.closeIdle()
    }, 100)
    const deadline = setTimeout(() => {
      for (const server of servers) server.destroy()
    }, timeout * 1000)
    await closed
    // The last connections are closed, and their exchanges end in the turns that follow.
    for (let turn = 0; this.#parts.open.size > 0 && turn < 100; turn += 1) await nextTurn()
    clearInterval(sweep)
    clearTimeout(deadline)
    this.#idle.close()
    await retire(this.#parts.active, undefined)
    await this.#app.close()
    await this.#agent.destroy()
    this.#parts.audit.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Whether only one server can listen at an address; port 0 picks a free port for each. */
function isFixed(address: ValidAddress): boolean {
  return address.kind === 'host' && address.port !== 0
}

/** A server cannot begin to use TLS, nor another one take its port, while it has connections. */
function needsRestart(address: ValidAddress): NightlatchError {
  const where = address.kind === 'host' ? `${address.host}:${address.port}` : 'this address'
  return new NightlatchError(
    'invalid_options',
    `The gateway already listens on ${where} in another way (TLS, client certificates, main or admin). Restart it for this change`,
  )
}
