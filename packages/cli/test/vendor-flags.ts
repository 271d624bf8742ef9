/** Where the vendor issues tokens. */
export const login = 'https://login.acme.example/oauth/token'
const api = 'https://api.acme.example/v2'

/** Flags of `nightlatch new` for vendors that differ. */
export const vendors: Readonly<Record<string, readonly string[]>> = {
  plain: ['--token-endpoint', login],
  standard: [
    ...['--token-endpoint', login, '--api-url', api, '--scope', 'read write'],
    ...[
      '--sample',
      '{"access_token": "eyJhbGciOi.x.y", "token_type": "bearer", "expires_in": 3600, "scope": "read write"}',
    ],
  ],
  'json-nested': [
    ...['--token-endpoint', 'https://api.acme.example/v1/login', '--api-url', api, '--body-format', 'json'],
    ...['--client-authentication', 'post', '--client-id-name', 'apiKey', '--client-secret-name', 'apiSecret'],
    ...['--grant-type', 'none', '--header', 'x-api-version: 2'],
    ...['--sample', '{"success": true, "data": {"token": "abc.def", "expiresInMs": 3600000, "refreshToken": "real"}}'],
  ],
  'form-post': [
    ...['--token-endpoint', login, '--api-url', api, '--client-authentication', 'post', '--scope', 'acme.all'],
    ...['--parameter', `audience=${api}`, '--sample', '{"accessToken": "abc.def", "expiresIn": "7200"}'],
  ],
  'header-key': [
    ...['--token-endpoint', 'https://api.acme.example/session', '--api-url', api, '--token-header', 'X_SEC.Session'],
    ...['--client-authentication', 'header', '--client-id-name', 'x-client', '--client-secret-name', 'X.Api_Key'],
    ...['--grant-type', 'none', '--body-format', 'none'],
    ...['--sample', '{"session": {"token": "abc.def", "expiresAt": "2026-03-01T10:00:00Z"}}'],
  ],
  'query-epoch': [
    ...['--token-endpoint', 'https://api.acme.example/token', '--api-url', api, '--method', 'GET'],
    ...['--client-authentication', 'post', '--sample', '{"tokens": [{"value": "abcdef", "expires_on": 1770000000}]}'],
  ],
  'bare-text': [
    ...['--token-endpoint', 'https://api.acme.example/token', '--client-authentication', 'basic-raw'],
    ...['--sample', 'eyJhbGciOi.x.y', '--runner', 'node:test'],
  ],
  'form-answer': [
    ...['--token-endpoint', login, '--api-url', api, '--sample', 'access_token=abcdef&expires=3600&token_type=acme'],
  ],
  'token-in-header': [
    ...['--token-endpoint', login, '--api-url', api, '--token-header', 'x-auth-token', '--body-format', 'json'],
    ...['--client-authentication', 'post', '--grant-type', 'none'],
    ...[
      '--sample',
      'HTTP/1.1 201 Created\r\nSet-Cookie: a=real-cookie\r\nX-Subject-Token: real-token\r\n\r\n{"failCode": 0, "message": null, "session": {"key": "k", "expires_at": "2026-03-01T10:00:00.000Z"}}',
    ],
  ],
  'header-alone': [
    ...['--token-endpoint', login, '--api-url', api],
    ...['--sample', 'HTTP/2 200\ncontent-length: 0\nxsrf-token: real-token\n'],
  ],
  'head-for-nothing': [
    ...['--token-endpoint', login, '--sample', 'HTTP/1.1 200 OK\nX-Request-Id: 7\n\n{"access_token": "abc"}'],
  ],
  'code-of-zero': [
    ...[
      '--token-endpoint',
      login,
      '--sample',
      '{"code": 0, "msg": "ok", "tenant_access_token": "...", "expire": 7200}',
    ],
  ],
  default: [
    ...['--token-endpoint', login, '--api-url', api],
    ...[
      '--sample',
      '{"token": "abcdef", "expires": "Sun, 01 Mar 2026 10:00:00 GMT", "user\'s": {}, "list": [1, 2], "rows": [{"a": 1}]}',
    ],
  ],
}
