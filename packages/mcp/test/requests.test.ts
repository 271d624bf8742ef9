import { memoryStore } from '@nightlatch/core'
import { describe, expect, it } from 'vitest'
import { type McpAuthOptions, mcpAuth } from '../src/index.ts'
import { failureOf } from './failure-of.ts'
import { type Answer, challenge, createAcmeNetwork, issuer, mcpUrl } from './servers/acme-network.ts'

const credentials = { clientId: 'agent', clientSecret: 'marked-secret-Zq7' }

function start(answers: Readonly<Record<string, Answer>> = {}, options: Partial<McpAuthOptions> = {}) {
  const network = createAcmeNetwork(answers)
  return { network, auth: mcpAuth(mcpUrl, { credentials, issuer, fetch: network.fetch, ...options }) }
}

/** An MCP server that requires more scopes for each tool, and knows which scopes each token has. */
function withScopes(tools: Readonly<Record<string, string>>): Readonly<Record<string, Answer>> {
  const granted = new Map<string, readonly string[]>()
  return {
    [`${issuer}/token`]: ({ body }) => {
      const scope = new URLSearchParams(body).get('scope') ?? ''
      const token = `token-${granted.size + 1}`
      granted.set(token, scope.split(' '))
      return Response.json({ access_token: token, token_type: 'Bearer', expires_in: 3600, scope })
    },
    [mcpUrl]: ({ headers, body }) => {
      const scopes = granted.get(headers.get('authorization')?.split(' ')[1] ?? '')
      if (scopes === undefined) return challenge()
      const required = tools[body] ?? ''
      if (required === '' || scopes.includes(required)) return Response.json({ scopes })
      return challenge(`error="insufficient_scope", scope="${required}"`, 403)
    },
  }
}

const call = (body: string): RequestInit => ({ method: 'POST', body })

describe('fetch', () => {
  it('serves many requests with one discovery and one token', async () => {
    const { network, auth } = start()
    const first = await Promise.all(Array.from({ length: 20 }, () => auth.fetch(mcpUrl, call('{}'))))
    const second = await Promise.all(Array.from({ length: 20 }, () => auth.fetch(mcpUrl, call('{}'))))
    expect(new Set([...first, ...second].map(({ status }) => status))).toEqual(new Set([200]))
    expect(network.grants).toHaveLength(1)
    expect(network.to('https://mcp.acme.example/.well-known')).toHaveLength(1)
    // All first requests went without a token at once; the second ones did not.
    expect(network.to(mcpUrl)).toHaveLength(60)
    await auth.close()
  })

  it('requests no token for a server that requires none', async () => {
    const { network, auth } = start({ [mcpUrl]: () => Response.json({}) })
    expect((await auth.fetch(mcpUrl)).status).toBe(200)
    expect(network.requests).toHaveLength(1)
    expect(await auth.token()).toBeUndefined()
  })

  it('replaces a token that the server rejects, once', async () => {
    const valid = new Set(['Bearer token-2'])
    const { network, auth } = start({
      [mcpUrl]: ({ headers }) => (valid.has(headers.get('authorization') ?? '') ? Response.json({}) : challenge()),
    })
    expect((await auth.fetch(mcpUrl)).status).toBe(200)
    expect(network.grants).toHaveLength(2)
  })

  it('shares tokens through a store', async () => {
    const store = memoryStore()
    const { network, auth } = start({}, { store })
    await auth.fetch(mcpUrl)
    await using other = mcpAuth(mcpUrl, { credentials, issuer, store, fetch: network.fetch })
    expect((await other.fetch(mcpUrl)).status).toBe(200)
    expect(network.grants).toHaveLength(1)
  })

  it('sends a body that can be read only once with a token from the start', async () => {
    const { network, auth } = start()
    const body = new Blob(['{"jsonrpc":"2.0"}']).stream()
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    expect((await auth.fetch(mcpUrl, init)).status).toBe(200)
    expect(network.to(mcpUrl).map((request) => request.body)).toEqual(['{"jsonrpc":"2.0"}'])
  })

  it('repeats a Request with its body', async () => {
    const { network, auth } = start()
    expect((await auth.fetch(new Request(mcpUrl, call('{"id":1}')))).status).toBe(200)
    expect(network.to(mcpUrl).map((request) => request.body)).toEqual(['{"id":1}', '{"id":1}'])
  })

  it('sends nothing to another origin', async () => {
    const { network, auth } = start()
    const failure = await failureOf(() => auth.fetch('https://evil.example/mcp'))
    expect(failure.code).toBe('origin_refused')
    expect(network.requests).toEqual([])
  })

  it('ends the wait of a caller that aborts, and of no other', async () => {
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const reached = Promise.withResolvers<void>()
    const { network, auth } = start({
      [`${issuer}/token`]: async () => {
        reached.resolve()
        await held
        return Response.json({ access_token: 'token-1', token_type: 'Bearer', expires_in: 60 })
      },
    })
    const controller = new AbortController()
    const aborted = auth.fetch(mcpUrl, { signal: controller.signal })
    const other = auth.fetch(mcpUrl)
    await reached.promise
    controller.abort(new Error('stopped by the caller'))
    await expect(aborted).rejects.toThrow('stopped by the caller')
    release()
    expect((await other).status).toBe(200)
    expect(network.grants).toHaveLength(1)
  })

  it('discovers anew after forget()', async () => {
    const { network, auth } = start()
    await auth.fetch(mcpUrl)
    await auth.forget()
    expect((await auth.fetch(mcpUrl)).status).toBe(200)
    expect(network.grants).toHaveLength(2)
    expect(network.to('https://mcp.acme.example/.well-known')).toHaveLength(2)
  })
})

describe('step-up', () => {
  it('requests the scopes of before and those of the challenge, and repeats the request once', async () => {
    const { network, auth } = start(withScopes({ write: 'mcp:write' }))
    const response = await auth.fetch(mcpUrl, call('write'))
    expect(await response.json()).toEqual({ scopes: ['mcp:read', 'mcp:write'] })
    expect(network.grants.map((grant) => grant.get('scope'))).toEqual(['mcp:read', 'mcp:read mcp:write'])
    // Later requests have them from the start.
    await auth.fetch(mcpUrl, call('write'))
    expect(network.grants).toHaveLength(2)
  })

  it('keeps the scopes of each of many steps', async () => {
    const { network, auth } = start(withScopes({ a: 'mcp:a', b: 'mcp:b', c: 'mcp:c' }))
    await auth.fetch(mcpUrl, call('read'))
    const responses = await Promise.all(['a', 'b', 'c', 'a', 'b'].map((tool) => auth.fetch(mcpUrl, call(tool))))
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(network.grants.at(-1)?.get('scope')?.split(' ').sort()).toEqual(['mcp:a', 'mcp:b', 'mcp:c', 'mcp:read'])
    expect(network.grants).toHaveLength(4)
  })

  it('returns the response if the new token is not enough', async () => {
    const { network, auth } = start({
      [mcpUrl]: ({ headers }) =>
        headers.has('authorization') ? challenge('error="insufficient_scope", scope="mcp:admin"', 403) : challenge(),
    })
    expect((await auth.fetch(mcpUrl)).status).toBe(403)
    expect((await auth.fetch(mcpUrl)).status).toBe(403)
    expect(network.grants).toHaveLength(2)
  })

  it('fails with the error of the authorization server, and keeps the scopes of before', async () => {
    const answers = withScopes({ admin: 'mcp:admin' })
    const grant = answers[`${issuer}/token`] as Answer
    const { network, auth } = start({
      ...answers,
      [`${issuer}/token`]: (request) =>
        request.body.includes('admin') ? Response.json({ error: 'invalid_scope' }, { status: 400 }) : grant(request),
    })
    const failure = await failureOf(() => auth.fetch(mcpUrl, call('admin')))
    expect(failure).toMatchObject({ code: 'grant_refused', error: 'invalid_scope' })
    expect((await auth.fetch(mcpUrl, call('read'))).status).toBe(200)
    expect(network.grants).toHaveLength(2)
  })

  it.each([
    ['stepUp is false', { stepUp: false }, 'error="insufficient_scope", scope="mcp:write"'],
    ['the challenge has another error', {}, 'error="access_denied", scope="mcp:write"'],
    ['the challenge names no scopes', {}, 'error="insufficient_scope"'],
    ['the token has them already', {}, 'error="insufficient_scope", scope="mcp:read"'],
  ])('is not done if %s', async (_, options, parameters) => {
    const { network, auth } = start(
      { [mcpUrl]: ({ headers }) => (headers.has('authorization') ? challenge(parameters, 403) : challenge()) },
      options,
    )
    expect((await auth.fetch(mcpUrl)).status).toBe(403)
    expect(network.grants).toHaveLength(1)
  })
})

describe('token and onUnauthorized', () => {
  it('have no token before the server requires one, and replace one that it rejects', async () => {
    const { network, auth } = start()
    expect(await auth.token()).toBeUndefined()
    await auth.onUnauthorized({ response: challenge() })
    expect(await auth.token()).toBe('token-1')
    await auth.onUnauthorized({ response: challenge('error="invalid_token"') })
    expect(await auth.token()).toBe('token-2')
    expect(network.grants).toHaveLength(2)
  })

  it('cannot send DPoP proofs, and say what can', async () => {
    const { auth } = start({}, { dpop: true })
    await auth.onUnauthorized({ response: challenge() })
    const failure = await failureOf(() => auth.token())
    expect(failure.code).toBe('invalid_options')
    expect(failure.message).toContain('Pass `fetch: auth.fetch`')
  })
})

describe('options', () => {
  it.each([
    ['serverUrl must be a URL', 7, { credentials }],
    ['serverUrl must be an absolute URL', '/mcp', { credentials }],
    ['serverUrl must be https', 'http://mcp.acme.example', { credentials }],
    ['options.issuer must be https', mcpUrl, { credentials, issuer: 'http://login.acme.example' }],
    ['options.issuer must be a URL', mcpUrl, { credentials, issuer: 7 }],
    ['options.stepUp must be true or false', mcpUrl, { credentials, stepUp: 'yes' }],
    ['Unknown option `scope`. Did you mean `scopes`?', mcpUrl, { credentials, scope: 'a' }],
    ['options.credentials', mcpUrl, {}],
    ['options must be an object', mcpUrl, undefined],
    ['options.timeout must be', mcpUrl, { credentials, timeout: '10' }],
    ['options.dpopKey is for a provider that binds its tokens', mcpUrl, { credentials, dpopKey: {} }],
  ])('says %s', async (message, url, options) => {
    const failure = await failureOf(() => mcpAuth(url as string, options as McpAuthOptions))
    expect(failure.code).toBe('invalid_options')
    expect(failure.message).toContain(message)
    expect(failure.message).not.toContain(credentials.clientSecret)
  })

  it('are copied, so that later changes have no effect', async () => {
    const network = createAcmeNetwork()
    const options = { credentials, issuer, fetch: network.fetch }
    await using auth = mcpAuth(mcpUrl, options)
    options.issuer = 'https://evil.example'
    expect((await auth.fetch(mcpUrl)).status).toBe(200)
  })

  it('declare the extension', () => {
    expect(start().auth.capabilities).toEqual({
      extensions: { 'io.modelcontextprotocol/oauth-client-credentials': {} },
    })
  })
})
