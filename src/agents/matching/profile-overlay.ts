import type { Wishes } from './wishes.js';

type Profile = Readonly<Record<string, unknown>>;

/**
 * The profile with the message's wishes over it. A place or way of working that is named replaces the profile's; skills
 * that are named come before the profile's own.
 */
export function withWishes(profile: Profile, wishes: Wishes): Profile {
  const result: Record<string, unknown> = { ...profile };
  if (wishes.remote !== undefined) result['remote'] = wishes.remote;
  const [place] = wishes.locations;
  if (place !== undefined) {
    result['location'] = place;
    if (Array.isArray(profile['locations'])) result['locations'] = wishes.locations;
  }
  if (wishes.salary !== undefined) result['salary_min'] = wishes.salary;
  if (wishes.keywords.length > 0) {
    const own = Array.isArray(profile['skills']) ? profile['skills'].filter((skill) => typeof skill === 'string') : [];
    const named = new Set(wishes.keywords.map((word) => word.toLowerCase()));
    result['skills'] = [...wishes.keywords, ...own.filter((skill) => !named.has(skill.toLowerCase()))];
  }
  return result;
}
