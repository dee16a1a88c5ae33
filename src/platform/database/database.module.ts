import { type DynamicModule, Global, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { UnitOfWork } from './unit-of-work.js';

export const DATA_SOURCE = Symbol('DATA_SOURCE');

@Injectable()
class PoolCloser implements OnApplicationShutdown {
  constructor(@Inject(DATA_SOURCE) private readonly dataSource: DataSource) {}

  async onApplicationShutdown(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }
}

/** Makes the opened pool injectable as `UnitOfWork`; opening it is the start's business (`main.ts`). */
@Global()
@Module({})
export class DatabaseModule {
  static forRoot(dataSource: DataSource): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        { provide: DATA_SOURCE, useValue: dataSource },
        { provide: UnitOfWork, useValue: new UnitOfWork(dataSource) },
        PoolCloser,
      ],
      exports: [UnitOfWork],
    };
  }
}
