/** gRPC: a token with each call, as the metadata that servers expect. */
import { type CallCredentials, credentials, Metadata } from '@grpc/grpc-js'
import type { Client } from '@nightlatch/core'

/**
 * Call credentials; combine them with channel credentials, because gRPC
 * sends a token over TLS only.
 */
export function grpcCallCredentials(client: Client): CallCredentials {
  return credentials.createFromMetadataGenerator((_, callback) => {
    client.token().then(
      ({ value }) => {
        const metadata = new Metadata()
        metadata.set('authorization', `Bearer ${value}`)
        callback(null, metadata)
      },
      (failure: Error) => callback(failure),
    )
  })
}
