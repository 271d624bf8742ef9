import type { Client } from '@nightlatch/core'
import { placeOrder as withAccessToken } from '../src/access-token.ts'
import { placeOrder as withApollo } from '../src/apollo.ts'
import { placeOrder as withAxiosAdapter } from '../src/axios-adapter.ts'
import { placeOrder as withAxiosFetch } from '../src/axios-fetch.ts'
import { placeOrder as withGot } from '../src/got.ts'
import { placeOrder as withGraphqlRequest } from '../src/graphql-request.ts'
import { placeOrder as withHeyApi } from '../src/hey-api.ts'
import { placeOrder as withKiota } from '../src/kiota.ts'
import { placeOrder as withOfetch } from '../src/ofetch.ts'
import { placeOrder as withOpenapiFetch } from '../src/openapi-fetch.ts'
import { createIdentity } from '../src/openapi-generator.ts'
import { placeOrder as withOrval } from '../src/orval.ts'
import { placeOrder as withUrql } from '../src/urql.ts'

/** One example of the guide, and what the guide's table says of it. */
export interface Example {
  readonly name: string
  /** Sends a POST whose body holds `item`. */
  run(client: Client, baseUrl: string, item: string, apiOrigin: string): Promise<unknown>
  /** What becomes of a redirect to another origin: it is followed without the token, refused, or an answer like another. */
  readonly redirect: 'followed' | 'refused' | 'answer'
  /** The refusal of another origin is the example's own, not `origin_refused`. */
  readonly checksItself?: boolean
  /** Wants GraphQL's answers. */
  readonly isGraph?: boolean
}

export const examples: readonly Example[] = [
  { name: 'axios on fetch', run: withAxiosFetch, redirect: 'followed' },
  { name: 'axios on an adapter', run: withAxiosAdapter, redirect: 'followed' },
  { name: 'got', run: withGot, redirect: 'followed' },
  { name: 'ofetch', run: withOfetch, redirect: 'followed' },
  { name: 'openapi-fetch', run: withOpenapiFetch, redirect: 'followed' },
  { name: 'Hey API', run: withHeyApi, redirect: 'followed' },
  { name: 'orval', run: withOrval, redirect: 'followed' },
  { name: 'OpenAPI Generator', run: createIdentity, redirect: 'followed' },
  { name: 'Kiota', run: withKiota, redirect: 'refused' },
  { name: 'graphql-request', run: withGraphqlRequest, redirect: 'followed', isGraph: true },
  { name: 'urql', run: withUrql, redirect: 'followed', isGraph: true },
  { name: 'Apollo Client', run: withApollo, redirect: 'followed', isGraph: true },
  {
    name: 'an access token',
    run: (client, baseUrl, item, apiOrigin) => withAccessToken(client, apiOrigin, new URL(`${baseUrl}/orders`), item),
    redirect: 'answer',
    checksItself: true,
  },
]
