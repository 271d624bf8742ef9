import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import {
  type Client,
  type Credentials,
  createClient,
  type TokenStore,
} from '@nightlatch/core'
import { smartCompletions } from '@nightlatch/hexagon'
import { type Prevu3dInfo, prevu3d } from '@nightlatch/prevu3d'
import { redisStore } from '@nightlatch/redis'
import { createClient as createRedisClient } from 'redis'

export interface FleetSettings {
  /** The folder where the Secret is mounted. */
  readonly secrets: string
  readonly redisUrl: string
  /** Receives the errors of the Redis connection. */
  readonly report: (message: string) => void
  readonly prevu3d: {
    readonly clientId: string
    readonly cloudApiUrl?: string
  }
  readonly hexagon: {
    readonly clientId: string
    readonly host: string
    readonly authorizationServer: string
  }
}

export interface FleetClients extends AsyncDisposable {
  readonly prevu3d: Client<Prevu3dInfo>
  readonly hexagon: Client
}

/** Clients of two vendors that share their tokens with all replicas. */
export async function connectFleet(
  settings: FleetSettings,
): Promise<FleetClients> {
  const { secrets, redisUrl, report } = settings
  const redis = createRedisClient({
    url: redisUrl,
    disableOfflineQueue: true,
  })
  redis.on('error', (failure) => report(`redis: ${failure.message}`))

  let keys = await readKeys(join(secrets, 'token-keys'))
  const reading = setInterval(async () => {
    try {
      keys = await readKeys(join(secrets, 'token-keys'))
    } catch {
      // The keys from before stay in use.
    }
  }, 60_000).unref()
  await Promise.race([redis.connect(), setTimeout(2000)])

  const store: TokenStore = redisStore({
    client: redis,
    encryptionKeys: () => keys,
  })
  const { clientId, ...cloud } = settings.prevu3d
  const { clientId: hexagonId, ...installation } = settings.hexagon
  const clients = {
    prevu3d: createClient(prevu3d(cloud), {
      credentials: readSecret(clientId, join(secrets, 'prevu3d-secret')),
      store,
    }),
    hexagon: createClient(smartCompletions(installation), {
      credentials: readSecret(hexagonId, join(secrets, 'hexagon-secret')),
      store,
    }),
  }
  return {
    ...clients,
    async [Symbol.asyncDispose]() {
      clearInterval(reading)
      await Promise.all([clients.prevu3d.close(), clients.hexagon.close()])
      redis.destroy()
    },
  }
}

/** The client calls this for the first token and after a rejection. */
function readSecret(
  clientId: string,
  path: string,
): () => Promise<Credentials> {
  return async () => ({
    clientId,
    clientSecret: (await readFile(path, 'utf8')).trim(),
  })
}

/** One key of 32 bytes in Base64 per line; the first one encrypts. */
async function readKeys(path: string): Promise<readonly CryptoKey[]> {
  const lines = (await readFile(path, 'utf8'))
    .split('\n')
    .filter((line) => line.trim() !== '')
  return await Promise.all(
    lines.map((line) =>
      crypto.subtle.importKey(
        'raw',
        Buffer.from(line, 'base64'),
        'AES-GCM',
        false,
        ['encrypt', 'decrypt'],
      ),
    ),
  )
}
