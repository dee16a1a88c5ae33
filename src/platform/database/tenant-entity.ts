import { PrimaryColumn } from 'typeorm';

/**
 * What every row of a tenant has: the tenant leads its key (DESIGN §3.3). An entity maps a table of an administrative
 * resource (`@Entity({ schema: 'app', name: … })`); its columns are judged against the migrated catalog by
 * `test/contract/entities.int-spec.ts`. Entities stay inside their module and hold foreign ids, never relations.
 */
export abstract class TenantEntity {
  @PrimaryColumn('uuid')
  readonly tenantId!: string;
}
