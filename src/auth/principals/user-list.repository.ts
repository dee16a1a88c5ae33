import type { Role } from '#platform/context';
import type { TenantTx } from '#platform/database';
import { PrincipalEntity } from './principal.entity.js';
import { PERSON_KINDS, type PrincipalRecord } from './principal.js';

export const USER_SORTS = ['created_at', '-created_at', 'name', '-name', 'email', '-email'] as const;
export type UserSort = (typeof USER_SORTS)[number];

export interface UserFilter {
  readonly kind: PrincipalRecord['kind'] | null;
  readonly role: Role | null;
  readonly status: 'active' | 'disabled' | null;
  /** Part of a name, an address or an external id, in any case. */
  readonly q: string | null;
  readonly sort: UserSort;
  /** Where the page before ended: the sorted value and the id. */
  readonly after: readonly [value: string, id: string] | null;
  readonly limit: number;
}

/** Null: by the id alone, which is made in the order of time and is what the key's index has. */
const SORTED_BY = { created_at: null, name: 'lower(p.name)', email: "lower(coalesce(p.email, ''))" } as const;

export interface ListedUser extends PrincipalRecord {
  /** What it was sorted by, in the database's own spelling: where the next page begins. */
  readonly sortedBy: string;
}

export async function listUsers(tx: TenantTx, filter: UserFilter): Promise<ListedUser[]> {
  const descending = filter.sort.startsWith('-');
  const column = SORTED_BY[filter.sort.replace('-', '') as keyof typeof SORTED_BY];
  const query = tx
    .rows(PrincipalEntity)
    .query('p')
    .andWhere('p.kind IN (:...kinds)', { kinds: filter.kind === null ? PERSON_KINDS : [filter.kind] })
    .andWhere('p.deletedAt IS NULL');
  if (filter.role !== null) query.andWhere('p.role = :role', { role: filter.role });
  if (filter.status !== null) {
    query.andWhere(filter.status === 'disabled' ? 'p.disabledAt IS NOT NULL' : 'p.disabledAt IS NULL');
  }
  if (filter.q !== null) {
    const q = `%${filter.q.replace(/[\\%_]/g, String.raw`\$&`)}%`;
    query.andWhere('(p.name ILIKE :q OR p.email ILIKE :q OR p.externalId ILIKE :q)', { q });
  }
  if (filter.after !== null) {
    const [value, id] = filter.after;
    const position = column === null ? ['p.id', ':id'] : [`(${column}, p.id)`, '(:value, :id)'];
    query.andWhere(position.join(descending ? ' < ' : ' > '), { value, id });
  }
  const direction = descending ? 'DESC' : 'ASC';
  if (column !== null) query.addSelect(column, 'sorted_by').orderBy('sorted_by', direction);
  query.addOrderBy('p.id', direction).limit(filter.limit);
  const { entities, raw } = await query.getRawAndEntities<{ sorted_by?: string }>();
  return entities.map((user, at) => ({ ...user, sortedBy: raw[at]?.sorted_by ?? user.id }));
}
