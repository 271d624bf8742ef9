import { expect, it } from 'vitest'
import { nightlatch } from './run-nightlatch.ts'

it('shows token, region, call and recovery, and no token', async () => {
  const startedAt = Date.now()
  const { status, stdout, stderr } = await nightlatch(['demo'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(Date.now() - startedAt).toBeLessThan(3000)
  const told = [
    'createClient(prevu3d(), { credentials })',
    'POST http://127.0.0.1:',
    'grant_type=client_credentials&scope=ingr.api',
    '/oauth/api-info',
    'Test Organization',
    'North Division, South Division',
    '401  {"message":"Unauthorized"}',
    'Refinery Turnaround, Pump Station, Tank Farm',
    'npx @nightlatch/cli call prevu3d',
  ]
  for (const text of told) expect(stdout).toContain(text)
  expect(stdout).not.toMatch(/ey[A-Z]|Basic/)
  expect(stdout).not.toContain('\u001b')
  expect(stdout.split('\n').length).toBeLessThan(50)
})

it('has colours at a terminal, unless NO_COLOR', async () => {
  expect((await nightlatch(['demo'], { typed: '' })).stdout).toContain('\u001b[32m✓')
  expect((await nightlatch(['demo'], { typed: '', env: { NO_COLOR: '1' } })).stdout).not.toContain('\u001b')
})

it('--json: the steps, with what was asked and answered', async () => {
  const { stdout } = await nightlatch(['demo', '--json'])
  const { steps } = JSON.parse(stdout)
  expect(steps.map((step: { provider: string }) => step.provider)).toEqual([
    ...Array(4).fill('prevu3d'),
    ...Array(2).fill('smart-completions'),
  ])
  expect(steps[3].exchanges.map((exchange: { status: number }) => exchange.status)).toEqual([401, 200, 200])
  expect(stdout).not.toMatch(/ey[A-Z]/)
})
