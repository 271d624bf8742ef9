import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, it } from 'vitest'
import { prepare } from '../src/emulated-vendors.ts'
import { startGateway } from '../src/gateway-process.ts'
import { copyFiles } from './temporary-copy.ts'

const python = ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['-c', 'import requests']).status === 0)
const hasOpenssl = spawnSync('openssl', ['version']).error === undefined

it.skipIf(python === undefined || !hasOpenssl)(
  'the Python script calls over TLS with a token of its service account',
  async () => {
    await using vendors = await prepare([], () => '')
    await using copy = await copyFiles('kubernetes/gateway.config.yaml', 'python/browse.py')
    const { folder } = copy
    const { privateKey, publicKey } = await generateKeyPair('RS256')
    const jwks = createServer(async (_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }] }))
    })
    await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve))
    try {
      const { url, apiOrigins, credentials, organization } = vendors.prevu3d
      await mkdir(join(folder, 'tls'))
      await writeFile(join(folder, 'prevu3d-id'), credentials.clientId)
      await writeFile(join(folder, 'prevu3d-secret'), credentials.clientSecret)
      makeCertificate(join(folder, 'tls'))
      await copy.edit('gateway.config.yaml', {
        '{ use: prevu3d }': `{ use: prevu3d, cloudApiUrl: ${url}, apiOrigins: [${apiOrigins.join(', ')}] }`,
        '/run/secrets/vendors/': '',
        '/run/secrets/tls/': 'tls/',
        'host: 0.0.0.0': 'host: 127.0.0.1',
        'port: 8443': 'port: 0',
        'port: 8712': 'port: 0',
        'https://kubernetes.default.svc.cluster.local/openid/v1/jwks': `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/jwks`,
      })
      await using gateway = await startGateway(folder, 2)
      const browse = async (subject: string, audience: string): Promise<string> => {
        const token = await new SignJWT({})
          .setProtectedHeader({ alg: 'RS256', kid: 'one' })
          .setIssuer('https://kubernetes.default.svc.cluster.local')
          .setSubject(subject)
          .setAudience(audience)
          .setIssuedAt()
          .setExpirationTime('10m')
          .sign(privateKey)
        await writeFile(join(folder, 'token'), token)
        const env = {
          PATH: process.env.PATH,
          GATEWAY: gateway.main.replace('127.0.0.1', 'localhost'),
          GATEWAY_CA: join(folder, 'tls/tls.crt'),
          GATEWAY_KEY_FILE: join(folder, 'token'),
          ORGANIZATION: organization.id,
        }
        return (await promisify(execFile)(python ?? '', [join(folder, 'browse.py')], { env })).stdout
      }
      const account = 'system:serviceaccount:etl:browse'
      expect(await browse(account, 'nightlatch-gateway')).toContain('North Division')
      await expect(browse('system:serviceaccount:other:browse', 'nightlatch-gateway')).rejects.toMatchObject({
        code: 1,
      })
      await expect(browse(account, 'another-service')).rejects.toMatchObject({ code: 1 })
    } finally {
      await new Promise((resolve) => jwks.close(resolve))
    }
  },
)

function makeCertificate(folder: string): void {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const files = ['-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.crt')]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  execFileSync('openssl', ['req', '-x509', '-days', '1', ...key, ...subject, ...files], { stdio: 'ignore' })
}
