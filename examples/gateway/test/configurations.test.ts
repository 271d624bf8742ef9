import { generateKeyPairSync } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { checkGateway } from '../src/gateway-process.ts'
import { copyFiles } from './temporary-copy.ts'

const examples = join(import.meta.dirname, '..')
const read = (file: string): Promise<string> => readFile(join(examples, file), 'utf8')

describe('each configuration passes `check`', () => {
  it('that of the container', async () => {
    await using copy = await copyFiles('gateway.config.yaml')
    await mkdir(join(copy.folder, 'secrets'))
    for (const name of ['towers', 'plants']) await writeFile(join(copy.folder, 'secrets', name), 'a secret\n')
    const environment = { PREVU3D_CLIENT_ID: 'robot', HEXAGON_CLIENT_ID: 'robot' }
    expect(await checkGateway(copy.folder, environment)).toContain('etl        /plants  GET,POST  /Instances(*)/**')
  })

  it('that of systemd', async () => {
    await using copy = await copyFiles('systemd/gateway.config.yaml')
    await writeFile(join(copy.folder, 'towers'), 'a secret\n')
    await copy.edit('gateway.config.yaml', { '/run/credentials/nightlatch-gateway.service/towers': 'towers' })
    expect(await checkGateway(copy.folder, { PREVU3D_CLIENT_ID: 'robot' })).toContain('etl     /towers  GET')
  })

  it('that of Kubernetes, which needs a certificate', async () => {
    await using copy = await copyFiles('kubernetes/gateway.config.yaml')
    for (const name of ['prevu3d-id', 'prevu3d-secret']) await writeFile(join(copy.folder, name), 'robot\n')
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await writeFile(join(copy.folder, 'tls.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
    await copy.edit('gateway.config.yaml', { '/run/secrets/vendors/': '', '/run/secrets/tls/': '' })
    await expect(checkGateway(copy.folder)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('listen[0].tls.certificate: the file'),
    })
  })
})

describe('the files of a platform', () => {
  it('mount what the configuration reads, and give requests time to finish', async () => {
    const [deployment] = parseAllDocuments(await read('kubernetes/gateway.yaml')).map((document) => document.toJS())
    const { containers, terminationGracePeriodSeconds, automountServiceAccountToken } = deployment.spec.template.spec
    expect(terminationGracePeriodSeconds).toBeGreaterThan(30)
    expect(automountServiceAccountToken).toBe(false)
    const mounted = containers[0].volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)
    const config = await read('kubernetes/gateway.config.yaml')
    const files = [...config.matchAll(/file: (\/[^ }]+)/g)].map(([, file = '']) => file)
    expect(files.length).toBeGreaterThan(3)
    expect(files.filter((file) => !mounted.some((path: string) => file.startsWith(`${path}/`)))).toEqual([])
  })

  it('ask for a token with the audience that the gateway expects', async () => {
    const job = parse(await read('kubernetes/job.yaml'))
    const [{ serviceAccountToken }] = job.spec.template.spec.volumes[0].projected.sources
    const { callers } = parse(await read('kubernetes/gateway.config.yaml'))
    expect(serviceAccountToken.audience).toBe(callers.etl.jwt.audience)
    expect(callers.etl.jwt.subject).toBe(`system:serviceaccount:${job.metadata.namespace}:*`)
  })

  it('compose keeps the job on the loopback of the gateway', async () => {
    const { services, secrets } = parse(await read('container/compose.yaml'))
    expect(services.job.network_mode).toBe('service:gateway')
    expect(services.gateway.ports).toBeUndefined()
    expect(Object.keys(secrets)).toEqual(['towers', 'plants', 'gateway-key'])
  })
})
