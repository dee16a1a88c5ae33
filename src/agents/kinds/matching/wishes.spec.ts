import { demandsSkills, withWishes } from './profile-overlay.js';
import { wishesIn } from './wishes.js';

it.each([
  ['Find jobs that match my profile', { locations: [], keywords: [] }],
  ['remote jobs with TypeScript', { remote: 'remote', locations: [], keywords: ['TypeScript'] }],
  ['Jobs in Barcelona over 50,000 euros', { locations: ['Barcelona'], keywords: [], salary: 50_000 }],
  ['Show me people with Node.js and C++', { locations: [], keywords: ['Node.js', 'C++'] }],
  ['Trabajo desde casa en Madrid', { remote: 'remote', locations: ['Madrid'], keywords: [] }],
])('reads the wishes of "%s"', (message, wishes) => {
  expect(wishesIn(message)).toEqual(wishes);
});

it('replaces what a vacancy demands, but adds to what a person can do', () => {
  const wishes = wishesIn('people with React');
  expect(withWishes({ skills: ['SQL'] }, wishes, true)['skills']).toEqual(['React']);
  expect(withWishes({ skills: ['SQL'] }, wishes, false)['skills']).toEqual(['React', 'SQL']);
});

it('knows from the criteria whose skills are the demand', () => {
  expect(demandsSkills([{ kind: 'overlap', profileField: 'skills', demanding: 'profile' }])).toBe(true);
  expect(demandsSkills([{ kind: 'overlap', profileField: 'skills', demanding: 'record' }])).toBe(false);
  expect(demandsSkills(undefined)).toBe(false);
});
