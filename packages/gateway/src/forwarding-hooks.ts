import type { FastifyReplyFromHooks } from '@fastify/reply-from'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Forwarding, ReportHead } from './forwarding.ts'

/** A request that is being forwarded. */
export interface ForwardedRequest extends FastifyRequest {
  forwarding: Forwarding
}

const forwardingKey: unique symbol = Symbol('forwarding')

/** The response's own headers are written by its forwarding. */
const noHeaders: Record<string, string> = {}

/** The options of each `reply.from`: reply-from finds the forwarding by its request. */
export const forwardingHooks: FastifyReplyFromHooks = {
  rewriteRequestHeaders: (request: unknown): Record<string, string> =>
    ({ [forwardingKey]: (request as ForwardedRequest).forwarding }) as unknown as Record<string, string>,
  rewriteHeaders: (): Record<string, string> => noHeaders,
  onResponse: (request: unknown, reply: unknown): void =>
    (request as ForwardedRequest).forwarding.respond(reply as FastifyReply),
  onError: (reply: unknown, { error }: { readonly error: Error }): void => {
    const { request } = reply as FastifyReply
    ;(request as ForwardedRequest).forwarding.refuse(reply as FastifyReply, error.cause ?? error)
  },
}

interface Requester {
  request(request: { readonly headers: object }, report: ReportHead): void
}

/** In place of reply-from's dispatcher: sends each request by its own client. */
export const forwardingRequester: Requester = {
  request({ headers }: { readonly headers: object }, report: ReportHead): void {
    ;(headers as { readonly [forwardingKey]: Forwarding })[forwardingKey].send(report)
  },
}
