import type { EscalationRules } from '../rules/rules.schema.js';
import type { FreeSupporter } from '../store/presence.repository.js';

/** Who is given a conversation that waits: somebody with the skill; among those, whoever speaks the language. Null: nobody can. */
export function chooseSupporter(
  wish: { readonly skill: string | null; readonly language: string | null },
  free: readonly FreeSupporter[],
  assignment: EscalationRules['assignment'],
): FreeSupporter | null {
  if (assignment === 'manual') return null;
  const able = free.filter(
    ({ capacity, load, skills }) => load < capacity && (wish.skill === null || skills.includes(wish.skill)),
  );
  const speaking = able.filter(({ languages }) => speaks(languages, wish.language));
  const [first] = (speaking.length > 0 ? speaking : able).toSorted((a, b) =>
    assignment === 'round_robin'
      ? a.last_assigned - b.last_assigned || order(a, b)
      : a.load / a.capacity - b.load / b.capacity || a.last_assigned - b.last_assigned || order(a, b),
  );
  return first ?? null;
}

/** Who has named no language takes any; `pt-BR` is Portuguese. */
function speaks(languages: readonly string[], wanted: string | null): boolean {
  if (languages.length === 0 || wanted === null) return true;
  return languages.some((language) => primary(language) === primary(wanted));
}

function primary(language: string): string {
  return language.toLowerCase().split('-')[0] ?? '';
}

function order(a: FreeSupporter, b: FreeSupporter): number {
  return a.id < b.id ? -1 : 1;
}
