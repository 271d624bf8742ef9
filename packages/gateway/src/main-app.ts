import { METHODS } from 'node:http'
import replyFrom from '@fastify/reply-from'
import fastify, { type FastifyInstance, type FastifyReply, type HTTPMethods } from 'fastify'
import { type ForwardedRequest, forwardingRequester } from './forwarding-hooks.ts'
import type { MainHandler } from './main-handler.ts'

/** Creates the Fastify application of the main listeners. */
export async function createMainApp(handler: MainHandler): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    // The gateway routes by the first segment itself: a router would decode the path, and judge another one than it forwards.
    rewriteUrl: () => '/',
    exposeHeadRoutes: false,
    genReqId: () => '',
  })
  app.removeAllContentTypeParsers()
  // Bodies are read where they are forwarded.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.decorateRequest('forwarding')
  await app.register(replyFrom, {
    // Anything with `request` serves; each client has its own dispatcher.
    undici: forwardingRequester as never,
    disableRequestLogging: true,
    retryMethods: [],
    // It is parsed once and sent nothing: each forwarding has the origin of its client's API.
    base: 'http://forwarded.invalid',
  })
  const methods = METHODS.filter((method) => method !== 'CONNECT')
  for (const method of methods) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: true })
  }
  app.route({
    method: methods as HTTPMethods[],
    url: '/',
    handler: (request, reply): void => handler.handle(request as ForwardedRequest, reply as FastifyReply),
  })
  await app.ready()
  return app
}
