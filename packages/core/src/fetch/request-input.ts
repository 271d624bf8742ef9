/** Whether what `fetch` was given is a Request. A transport may bring one of its own, as undici's package does. */
export function isRequest(input: unknown): input is Request {
  return (
    typeof input === 'object' &&
    input !== null &&
    (input instanceof Request || ('url' in input && 'headers' in input && 'clone' in input))
  )
}

/** Whether a body is gone once it was sent: a web stream, a Node stream, a generator. */
export function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && (body instanceof ReadableStream || Symbol.asyncIterator in body)
}
