import { decodeJwt } from 'jose'
import { Configuration, clientCredentialsGrant, customFetch } from 'openid-client'
import { expect, it } from 'vitest'
import { createHandle } from '../../src/acquire/dpop-handle.ts'

it('signs proofs for token requests, with the given claims for their URL', async () => {
  const key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  const urls: string[] = []
  const handle = createHandle(key, (url) => {
    urls.push(url.href)
    return { iat: 7, nonce: 'n' }
  })
  const token_endpoint = 'https://login.acme.example/token'
  const configuration = new Configuration({ issuer: 'https://login.acme.example', token_endpoint }, 'app')
  let proof: string | undefined
  configuration[customFetch] = async (_url, { headers }) => {
    proof = headers.dpop
    return Response.json({ access_token: 'a', token_type: 'DPoP' })
  }
  await clientCredentialsGrant(configuration, {}, { DPoP: handle })
  expect(urls).toEqual([token_endpoint])
  expect(decodeJwt(proof ?? '')).toMatchObject({ htm: 'POST', htu: token_endpoint, iat: 7, nonce: 'n' })
})
