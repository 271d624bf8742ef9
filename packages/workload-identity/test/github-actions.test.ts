import { inspect } from 'node:util'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { githubActions } from '../src/index.ts'
import { failureOf, thrownBy } from './failure-of.ts'
import { type GithubActionsServer, startGithubActionsServer } from './servers/github-actions-server.ts'
import { createTokenIssuer } from './servers/token-issuer.ts'

const sub = 'repo:acme@1/orders@2:ref:refs/heads/main'
let server: GithubActionsServer

beforeAll(async () => {
  server = await startGithubActionsServer(await createTokenIssuer('https://token.actions.githubusercontent.com'), sub)
})
afterAll(() => server.close())

describe('GitHub Actions', () => {
  it('gets the token of the job for an audience, with every character of it', async () => {
    const { environment } = server
    const audience = 'api://AzureADTokenExchange?a=1&b=ü'
    const claims = decodeJwt(await githubActions({ audience, environment })())
    expect(claims).toMatchObject({ sub, aud: audience, iss: 'https://token.actions.githubusercontent.com' })
    expect(server.requests.at(-1)?.query.get('api-version')).toBe('2.0')
  })

  it("leaves the audience to GitHub if there is none: it is the URL of the repository's owner", async () => {
    expect(decodeJwt(await githubActions({ environment: server.environment })()).aud).toBe('https://github.com/acme')
  })

  it('asks anew each time, and reads the variables at that time', async () => {
    const environment: Record<string, string | undefined> = {}
    const source = githubActions({ environment })
    expect(await failureOf(source())).toMatchObject({ code: 'invalid_options' })
    Object.assign(environment, server.environment)
    expect(await source()).not.toBe(await source())
  })

  it('names the missing variable and the missing permission', async () => {
    const { message } = await failureOf(githubActions({ environment: {} })())
    expect(message).toContain('ACTIONS_ID_TOKEN_REQUEST_URL is not set')
    expect(message).toContain('`id-token: write`')
    const { ACTIONS_ID_TOKEN_REQUEST_URL } = server.environment
    const other = await failureOf(githubActions({ environment: { ACTIONS_ID_TOKEN_REQUEST_URL } })())
    expect(other.message).toContain('ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set')
  })

  it('sends the credential of the job to no plain http address', async () => {
    const environment = { ...server.environment, ACTIONS_ID_TOKEN_REQUEST_URL: 'http://actions.example/idtoken?a=1' }
    const { code, message } = await failureOf(githubActions({ environment })())
    expect(code).toBe('invalid_options')
    expect(message).toContain('ACTIONS_ID_TOKEN_REQUEST_URL must be an https URL')
  })

  it('X1: a rejected request says what to check, and shows no credential', async () => {
    const environment = { ...server.environment, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'MARKED-wrong' }
    const failure = await failureOf(githubActions({ environment })())
    expect(failure).toMatchObject({ code: 'invalid_options', status: 401, retryable: false })
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('MARKED')
    expect(failure.message).toContain('/runs/7/idtoken responded with status 401')
  })

  it('X1: a credential that no header can carry is not quoted', async () => {
    const environment = { ...server.environment, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'MARKED\nline' }
    const failure = await failureOf(githubActions({ environment })())
    expect(failure.code).toBe('invalid_options')
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('MARKED')
  })

  it.each([500, 503, 429])('G9: status %i is transient', async (status) => {
    server.respondNext({ status, headers: { 'retry-after': '2' } })
    const failure = await failureOf(githubActions({ environment: server.environment })())
    expect(failure).toMatchObject({ code: 'endpoint_unavailable', status, retryable: true, retryAfter: 2 })
  })

  it.each([
    ['a redirect', { status: 302, headers: { location: 'https://elsewhere.example/' } }],
    ['a page', { status: 200, body: '<html>' }],
    ['JSON without the token', { status: 200, body: { count: 0 } }],
    ['JSON null', { status: 200, body: 'null' }],
  ])('%s holds no JWT', async (_name, response) => {
    server.respondNext(response)
    const failure = await failureOf(githubActions({ environment: server.environment })())
    expect(failure).toMatchObject({ code: 'response_unreadable', retryable: false })
  })

  it('an endpoint that cannot be reached is transient', async () => {
    const closed = await startGithubActionsServer(await createTokenIssuer('https://issuer.example'), sub)
    await closed.close()
    const failure = await failureOf(githubActions({ environment: closed.environment })())
    expect(failure).toMatchObject({ code: 'endpoint_unavailable', retryable: true })
    expect(failure.message).toContain('could not be reached')
  })

  it('has a name with its audience, and rejects unknown options', () => {
    expect(githubActions({ audience: 'a' }).name).toBe('GitHub Actions for a')
    expect(thrownBy(() => githubActions({ audiance: 'a' } as object)).message).toContain('unknown option `audiance`')
    expect(thrownBy(() => githubActions({ audience: '' })).message).toContain('githubActions: audience')
  })
})
