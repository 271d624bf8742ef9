import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createClient } from '@nightlatch/core'
import { standardEmulation, startEmulator } from '@nightlatch/testing'
import { expect, it } from 'vitest'
import { credentialsFromJsonFile } from '../src/json-file.ts'
import { createFolder, replaceFile } from './folder.ts'

it('reads id and secret, and reads them again after a refusal', async () => {
  await using emulator = await startEmulator(standardEmulation())
  const path = join(createFolder(), 'acme.json')
  await writeFile(path, JSON.stringify({ ...emulator.credentials }))
  const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint }
  await using client = createClient(acme, { credentials: credentialsFromJsonFile(path) })
  const rejected = await client.token()
  await replaceFile(path, JSON.stringify({ ...emulator.rotateSecret() }))
  expect((await client.token({ rejected })).type).toBe('Bearer')
})

it.each([
  ['half of it', '{"clientId":"robot","clientSecret":"MARKED-secr', 'holds no JSON'],
  ['a bare secret', 'MARKED-secret', 'holds no JSON'],
  ['nothing', '', 'holds no JSON'],
  ['other names', '{"id":"robot","secret":"MARKED-secret"}', 'clientId'],
  ['a list', '["MARKED-secret"]', 'clientId'],
])('X1: quotes nothing of a file that holds %s', async (_what, text, said) => {
  const path = join(createFolder(), 'acme.json')
  await writeFile(path, text)
  const acme = { name: 'acme', tokenEndpoint: 'https://auth.acme.test/token' }
  await using client = createClient(acme, { credentials: credentialsFromJsonFile(path) })
  const failure = await client.token().then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(String(failure)).toContain(said)
  expect(inspect(failure, { depth: 10, showHidden: true }).includes('MARKED')).toBe(false)
})
