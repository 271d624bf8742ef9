/**
 * Prints the core's files of which a first `client.token()` runs any function, as JSON: V8's coverage of one call, with a
 * provider that names its token endpoint, a client secret and a transport that answers at once.
 */
import { Session } from 'node:inspector/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@nightlatch/core'
import { root } from './read-repository.ts'

const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })

const client = createClient(
  { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' },
  {
    credentials: { clientId: 'app', clientSecret: 'secret' },
    // The clock stands still: on a busy machine it would be read once more after a second.
    now: () => Date.UTC(2026, 10, 30),
    fetch: async () => Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 3600 }),
  },
)
// What runs before the call is the check of options, and what modules do when they are loaded.
await session.post('Profiler.takePreciseCoverage')
await client.token()
const { result } = await session.post('Profiler.takePreciseCoverage')

const source = join(root, 'packages/core/src')
const files = result
  .filter(({ url }) => url.startsWith('file:'))
  .map(({ url, functions }) => ({ file: relative(source, fileURLToPath(url)), functions }))
  .filter(({ file }) => !file.startsWith('..'))
  .filter(({ functions }) =>
    functions.some(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0),
  )
  .map(({ file }) => file)
process.stdout.write(JSON.stringify(files.sort()))
