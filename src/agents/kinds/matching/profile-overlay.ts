import type { Wishes } from './wishes.js';

type Profile = Readonly<Record<string, unknown>>;

/**
 * The profile with the message's wishes over it. A place or way of working that is named replaces the profile's. Skills
 * that are named are added to what somebody can do, but replace what somebody demands.
 * @param demanding true when the profile is a demand (a vacancy), false when it is an offer (a résumé)
 */
export function withWishes(profile: Profile, wishes: Wishes, demanding: boolean): Profile {
  const result: Record<string, unknown> = { ...profile };
  if (wishes.remote !== undefined) result['remote'] = wishes.remote;
  const [place] = wishes.locations;
  if (place !== undefined) {
    result['location'] = place;
    // The profile's country belongs to its own place.
    if (place !== profile['location']) delete result['country'];
  }
  if (wishes.salary !== undefined) {
    const field = ['desired_salary', 'salary_max', 'salary_min'].find((name) => name in profile) ?? 'desired_salary';
    result[field] = wishes.salary;
  }
  if (wishes.keywords.length > 0) {
    const own = Array.isArray(profile['skills']) ? profile['skills'].filter((skill) => typeof skill === 'string') : [];
    const named = new Set(wishes.keywords.map((word) => word.toLowerCase()));
    const kept = demanding ? [] : own.filter((skill) => !named.has(skill.toLowerCase()));
    result['skills'] = [...wishes.keywords, ...kept];
  }
  return result;
}

/** By the agent's own criteria: whose skills are the demand. */
export function demandsSkills(criteria: unknown): boolean {
  return (
    Array.isArray(criteria) &&
    criteria.some((criterion: unknown) => {
      if (typeof criterion !== 'object' || criterion === null) return false;
      const { kind, demanding, profileField, profile_field: snake } = criterion as Record<string, unknown>;
      return kind === 'overlap' && demanding === 'profile' && (profileField ?? snake) === 'skills';
    })
  );
}
