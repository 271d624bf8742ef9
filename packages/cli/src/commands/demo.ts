import { type Client, createClient, type Fetch } from '@nightlatch/core'
import { smartCompletions } from '@nightlatch/hexagon'
import { prevu3d } from '@nightlatch/prevu3d'
import { prevu3dEmulation, smartCompletionsEmulation, startEmulator } from '@nightlatch/testing'
import type { Command } from 'commander'
import { inWords } from '../duration-words.ts'
import { type Output, styled } from '../output/output.ts'

/** A request and its response, without secrets. */
interface Exchange {
  readonly method: string
  readonly url: string
  /** The body of the request. */
  readonly sent?: string
  readonly status: number
  /** The response body, without tokens and long members. */
  readonly answer: unknown
}

/** One step of a scene, and the requests it sent. */
interface Step {
  readonly provider: string
  readonly outcome: string
  readonly exchanges: readonly Exchange[]
}

/** The part of the demonstration that shows one provider. */
interface Scene {
  readonly title: string
  /** The code for all steps. */
  readonly code: readonly string[]
  readonly steps: readonly Step[]
}

/** `nightlatch demo`: gets tokens and calls APIs of emulated providers on this machine. */
export function addDemoCommand(program: Command, output: Output): void {
  const command = program
    .command('demo')
    .description('get tokens and call APIs of emulated providers on this machine; needs no account and no network')
  command.action(async () => {
    const flags = command.optsWithGlobals<{ readonly json?: true }>()
    const scenes = [showPrevu3d, showSmartCompletions]
    if (flags.json !== true) printOpening(output)
    const steps: Step[] = []
    for (const show of scenes) {
      const scene = await show()
      steps.push(...scene.steps)
      if (flags.json !== true) printScene(scene, output)
    }
    if (flags.json === true) output.printJson({ steps })
    else printClosing(output)
  })
}

async function showPrevu3d(): Promise<Scene> {
  // Prevu3D's API has another origin than its token endpoint.
  const emulator = await startEmulator(prevu3dEmulation({ separateRegion: true }))
  try {
    const { url: cloudApiUrl, apiOrigins, credentials } = emulator
    const { fetch, takeSteps, step } = createRecorder('prevu3d')
    const client = createClient(prevu3d({ cloudApiUrl, apiOrigins }), { credentials, fetch })

    await describeToken(client, step)
    const { organization, apiUrl } = await client.info()
    step(`Region: ${organization.name} has its API at ${apiUrl}`)

    const api = await client.api()
    const browse = async (): Promise<string> => {
      const divisions = await api.get(`v1/nodes/${organization.id}/browse`).json<readonly { readonly name: string }[]>()
      return divisions.map(({ name }) => name).join(', ')
    }
    step(`Call: it holds ${await browse()}`)

    emulator.faults.set('api', { name: 'revoked' })
    await browse()
    step('Recovery: the token was revoked, so the client requested another and repeated the call once')

    await client.close()
    return {
      title: 'Prevu3D RealityConnect',
      code: [
        'const client = createClient(prevu3d(), { credentials })',
        'const { organization } = await client.info()',
        `const divisions = await (await client.api()).get(\`v1/nodes/\${organization.id}/browse\`).json()`,
      ],
      steps: takeSteps(),
    }
  } finally {
    await emulator.close()
  }
}

async function showSmartCompletions(): Promise<Scene> {
  const emulator = await startEmulator(smartCompletionsEmulation())
  try {
    const { host, authorizationServer, credentials } = emulator
    const { fetch, takeSteps, step } = createRecorder('smart-completions')
    const client = createClient(smartCompletions({ host, authorizationServer }), { credentials, fetch })

    await describeToken(client, step)
    const api = await client.api()
    const { value } = await api
      .get('Instances(2)/Projects')
      .json<{ readonly value: readonly { readonly Name: string }[] }>()
    step(`Call: the projects are ${value.map(({ Name }) => Name).join(', ')}`)

    await client.close()
    return {
      title: 'Hexagon Smart Completions',
      code: [
        'const client = createClient(smartCompletions({ host, authorizationServer }), { credentials })',
        "const projects = await (await client.api()).get('Instances(2)/Projects').json()",
      ],
      steps: takeSteps(),
    }
  } finally {
    await emulator.close()
  }
}

async function describeToken(client: Client, step: (outcome: string) => void): Promise<void> {
  const { type, scopes, expiresAt } = await client.token()
  const forWhat = scopes === undefined ? '' : ` for ${scopes.join(' ')}`
  const lifetime = Math.round(((expiresAt?.getTime() ?? Date.now()) - Date.now()) / 1000)
  step(`Token: client id and secret were exchanged for a ${type} token${forWhat}, good for ${inWords(lifetime)}`)
}

/** A `fetch` that records requests and responses, grouped by step. */
function createRecorder(provider: string): {
  readonly fetch: Fetch
  /** Ends a step that consists of the requests since the last one. */
  step(outcome: string): void
  takeSteps(): readonly Step[]
} {
  const steps: Step[] = []
  let exchanges: Exchange[] = []
  return {
    async fetch(input, init) {
      const request = new Request(input, init)
      const sent = await request.clone().text()
      const response = await fetch(request)
      exchanges.push({
        method: request.method,
        url: request.url,
        ...(sent === '' ? {} : { sent }),
        status: response.status,
        answer: showable(await response.clone().json()),
      })
      return response
    },
    step(outcome) {
      steps.push({ provider, outcome, exchanges })
      exchanges = []
    },
    takeSteps: () => steps,
  }
}

/** A response body without its token and without members that are long. */
function showable(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return answer
  const members = Object.entries(answer).map(([name, value]) => [name, /^access_?token$/i.test(name) ? '...' : value])
  return Object.fromEntries(members.filter(([name]) => name !== 'user' && !String(name).startsWith('@')))
}

function printOpening({ print }: Output): void {
  print(styled('title', 'Nightlatch: a program gets a token and calls an API, with no user signed in.'))
  print('Both providers are emulated on this machine. All requests and responses were sent over a socket;')
  print('only tokens are left out. Your program has the same lines of code, with the real addresses.')
}

function printScene({ title, code, steps }: Scene, { print }: Output): void {
  print('')
  print(styled('title', title))
  for (const line of code) print('    ', styled('code', line))
  for (const { outcome, exchanges } of steps) {
    print('  ', styled('good', '✓'), ` ${outcome}`)
    for (const { method, url, sent, status, answer } of exchanges) {
      print(styled('quiet', `      ${method.padEnd(4)} ${url}${sent === undefined ? '' : `  ${sent}`}`))
      print(styled('quiet', `      ${String(status).padEnd(4)} ${shorten(JSON.stringify(answer))}`))
    }
  }
}

const maxLength = 96

function shorten(text: string): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}...` : text
}

function printClosing({ print }: Output): void {
  print('')
  print(styled('title', 'The same with the real providers (the command prompts for the client secret):'))
  print('    ', styled('code', `nightlatch call prevu3d v1/nodes/{organization_id}/browse --client-id <id>`))
  print('    ', styled('code', `nightlatch call smart-completions 'Instances(2)/Projects' --client-id <id> \\`))
  print('    ', styled('code', '  --host <https://...> --authorization-server <https://...>'))
}
