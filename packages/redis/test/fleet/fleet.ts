import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { packageNames } from '../servers/clients.ts'
import type { Server } from '../servers/server.ts'
import type { Order, Report } from './messages.ts'
import type { TokenEndpoint } from './token-endpoint.ts'

/** Processes that share one store. Half of them use one package, half the other. */
export interface Fleet extends AsyncDisposable {
  readonly size: number
  /** A new client in each process, over this server, or over the cluster that it is a node of. */
  begin(server: Server, endpoint: TokenEndpoint, timeout: number, isCluster?: boolean): Promise<void>
  /** So many callers at once in each process that is alive. */
  call(callers: number, scope: string): Promise<FleetReport>
  /** Moves the clocks of all processes forward: their tokens age, at once. */
  advance(seconds: number): Promise<void>
  /** SIGKILL. */
  kill(member: number): void
}

interface FleetReport {
  readonly tokens: readonly string[]
  readonly failures: readonly string[]
  readonly slowest: number
  /** Of all processes that are alive together, since `begin`. */
  count(event: string): number
}

export async function startFleet(size: number): Promise<Fleet> {
  const members = Array.from({ length: size }, () =>
    fork(fileURLToPath(new URL('./member.ts', import.meta.url)), {
      execArgv: ['--conditions=@nightlatch/source'],
      stdio: 'inherit',
    }),
  )
  const killAll = (): void => {
    for (const member of members) member.kill('SIGKILL')
  }
  process.once('exit', killAll)

  let orders = 0
  const tell = async (orderFor: (id: number, member: number) => Order): Promise<FleetReport> => {
    orders += 1
    const id = orders
    const reports = await Promise.all(members.map((member, index) => ask(member, orderFor(id, index))))
    const answered = reports.filter((report) => report !== undefined)
    return {
      tokens: [...new Set(answered.flatMap(({ tokens }) => tokens))],
      failures: [...new Set(answered.flatMap(({ failures }) => failures))],
      slowest: Math.round(Math.max(0, ...answered.map(({ slowest }) => slowest))),
      count: (event) => answered.reduce((sum, { events }) => sum + (events[event] ?? 0), 0),
    }
  }

  return {
    size,
    async begin({ port, password, certificate }, endpoint, timeout, isCluster = false) {
      await tell((id, member) => ({
        type: 'begin',
        id,
        setting: {
          packageName: packageNames[member % packageNames.length] ?? 'redis',
          port,
          password,
          certificate,
          isCluster,
          encryptionKeys: [Buffer.alloc(32, 7).toString('base64')],
          tokenEndpoint: endpoint.url,
          member,
          timeout,
        },
      }))
    },
    call: (callers, scope) => tell((id) => ({ type: 'call', id, callers, scope })),
    async advance(seconds) {
      await tell((id) => ({ type: 'advance', id, seconds }))
    },
    kill: (member) => void members[member]?.kill('SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      process.off('exit', killAll)
      const alive = members.filter(isAlive)
      const ends = alive.map((member) => once(member, 'exit'))
      killAll()
      await Promise.all(ends)
    },
  }
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}

/** What a process answers to an order; `undefined` from one that is gone, or goes before it answers. */
async function ask(member: ChildProcess, order: Order): Promise<Report | undefined> {
  if (!isAlive(member)) return undefined
  return await new Promise((resolve) => {
    const finish = (report: Report | undefined): void => {
      member.off('message', listen)
      member.off('exit', leave)
      resolve(report)
    }
    const listen = (message: unknown): void => {
      const report = message as Report
      if (report.id === order.id) finish(report)
    }
    const leave = (): void => finish(undefined)
    member.on('message', listen)
    member.on('exit', leave)
    member.send(order)
  })
}
