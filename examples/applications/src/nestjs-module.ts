/** A NestJS module that provides a client. */

import {
  Controller,
  type DynamicModule,
  Get,
  Inject,
  Injectable,
  Module,
  type OnModuleDestroy,
} from '@nestjs/common'
import type { Client } from '@nightlatch/core'
import type { Prevu3dInfo } from '@nightlatch/prevu3d'

/** The injection token of the client. */
export const PREVU3D = Symbol('prevu3d')

@Injectable()
export class Divisions {
  readonly #client: Client<Prevu3dInfo>

  constructor(@Inject(PREVU3D) client: Client<Prevu3dInfo>) {
    this.#client = client
  }

  async list(): Promise<unknown> {
    const { organization } = await this.#client.info()
    const api = await this.#client.api()
    return await api.get(`v1/nodes/${organization.id}/browse`).json()
  }
}

@Controller('divisions')
class DivisionsController {
  readonly #divisions: Divisions

  constructor(@Inject(Divisions) divisions: Divisions) {
    this.#divisions = divisions
  }

  @Get()
  list(): Promise<unknown> {
    return this.#divisions.list()
  }
}

@Module({})
export class NightlatchModule implements OnModuleDestroy {
  readonly #client: Client<Prevu3dInfo>

  constructor(@Inject(PREVU3D) client: Client<Prevu3dInfo>) {
    this.#client = client
  }

  static register(client: Client<Prevu3dInfo>): DynamicModule {
    return {
      module: NightlatchModule,
      controllers: [DivisionsController],
      providers: [{ provide: PREVU3D, useValue: client }, Divisions],
      exports: [PREVU3D, Divisions],
    }
  }

  async onModuleDestroy(): Promise<void> {
    await this.#client.close()
  }
}
