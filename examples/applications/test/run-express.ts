/** Runs the Express service against an emulator, and prints what it answered, as JSON. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type Credentials, createClient } from '@nightlatch/core'
import { prevu3d } from '@nightlatch/prevu3d'
import { prevu3dEmulation, startEmulator } from '@nightlatch/testing'
import { buildService } from '../src/express-service.ts'

await using emulator = await startEmulator(prevu3dEmulation())

async function answerWith(credentials: Credentials): Promise<unknown> {
  const client = createClient(prevu3d({ cloudApiUrl: emulator.url }), { credentials })
  const server = buildService(client).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/divisions`)
  const body: unknown = await answer.json()
  server.close()
  server.closeAllConnections()
  return { status: answer.status, body }
}

const { clientId, clientSecret } = emulator.credentials
const answers = [await answerWith({ clientId, clientSecret })]
emulator.faults.set('api', { name: 'answer', answer: { status: 403 } })
answers.push(await answerWith({ clientId, clientSecret }))
answers.push(await answerWith({ clientId, clientSecret: 'marked-secret-Zq7' }))
process.stdout.write(JSON.stringify(answers))
