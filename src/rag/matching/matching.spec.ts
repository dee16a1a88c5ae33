import { matchCriteria, type MatchCriterion, withWeights } from './match-criteria.js';
import { passesFilters } from './match-filter.js';
import { scoreMatch } from './match-score.js';
import { profileText } from './profile-text.js';

const SKILLS: MatchCriterion = {
  kind: 'overlap',
  weight: 1,
  label: 'Skills',
  profileField: 'skills',
  recordField: 'skills',
  demanding: 'record',
};
const SALARY: MatchCriterion = {
  kind: 'at_most',
  weight: 1,
  label: 'Salary',
  wishField: 'wish',
  offerField: 'offer',
  wishing: 'profile',
  tolerance: 0.2,
};
const YEARS: MatchCriterion = {
  kind: 'at_least',
  weight: 1,
  label: 'Years',
  profileField: 'years',
  recordField: 'years',
  demanding: 'record',
  tolerance: 4,
};
const PLACE: MatchCriterion = { kind: 'place', weight: 1, label: 'Place' };
const MEANING: MatchCriterion = { kind: 'similarity', weight: 1, label: 'Description' };

const score = (criterion: MatchCriterion, profile: object, record: object, similarity: number | null = null): number =>
  scoreMatch({ ...profile }, { ...record }, similarity, [criterion]).score;

describe('a match', () => {
  it('counts the demanded values that the other side has, whatever their case and accents', () => {
    expect(score(SKILLS, { skills: ['typescript', 'Café'] }, { skills: ['TypeScript', 'cafe', 'Go', 'C'] })).toBe(0.5);
    expect(score({ ...SKILLS, demanding: 'profile' }, { skills: ['A'] }, { skills: ['A', 'B'] })).toBe(1);
  });

  it('falls with the distance to what is demanded or offered', () => {
    expect(score(YEARS, { years: 5 }, { years: 5 })).toBe(1);
    expect(score(YEARS, { years: 3 }, { years: 5 })).toBe(0.5);
    expect(score(YEARS, { years: 0 }, { years: 5 })).toBe(0);
    expect(score(SALARY, { wish: 50 }, { offer: 60 })).toBe(1);
    expect(score(SALARY, { wish: 66 }, { offer: 60 })).toBeCloseTo(0.5);
    expect(score(SALARY, { wish: 90 }, { offer: 60 })).toBe(0);
  });

  it('prefers the same town, then remote work, then the same country', () => {
    const me = { location: 'Málaga', country: 'Spain', remote: 'hybrid' };
    const here = score(PLACE, me, { location: 'Malaga', country: 'Spain', remote: 'onsite' });
    const remote = score(PLACE, me, { location: 'Oslo', country: 'Norway', remote: 'remote' });
    const near = score(PLACE, me, { location: 'Madrid', country: 'Spain', remote: 'hybrid' });
    const far = score(PLACE, me, { location: 'Oslo', country: 'Norway', remote: 'onsite' });
    expect(here).toBe(1);
    expect([here, remote, near, far]).toEqual([here, remote, near, far].sort((a, b) => b - a));
    expect(far).toBe(0);
  });

  it('leaves out what one side says nothing about', () => {
    const { score: total } = scoreMatch({ years: 5 }, { years: 5 }, null, [YEARS, SALARY, SKILLS, PLACE, MEANING]);
    expect(total).toBe(1);
    expect(scoreMatch({}, {}, null, [YEARS])).toEqual({ score: 0, reasons: [] });
  });

  it('ignores values of a wrong type', () => {
    expect(scoreMatch({ years: 'five', skills: 7 }, { years: 5, skills: null }, null, [YEARS, SKILLS]).reasons).toEqual(
      [],
    );
  });

  it('says what speaks for it first and what is missing last', () => {
    const profile = { skills: ['Go'], years: 1, wish: 50 };
    const record = { skills: ['Go', 'C', 'D', 'E', 'F', 'G'], years: 5, offer: 60 };
    const { reasons } = scoreMatch(profile, record, 0.55, [YEARS, SKILLS, SALARY, MEANING]);
    expect(reasons[0]).toMatch(/^(Salary|Description): /);
    expect(reasons).toContain('Skills: 1 of 6 (Go; missing C, D, E, F and 1 more)');
    expect(reasons.at(-1)).toBe('Years: 1 of 5 asked for');
  });

  it('rises with the likeness of the texts', () => {
    expect(score(MEANING, {}, {}, 0.05)).toBe(0);
    expect(score(MEANING, {}, {}, 0.35)).toBeCloseTo(0.5);
    expect(score(MEANING, {}, {}, 0.9)).toBe(1);
  });
});

describe('criteria', () => {
  it('take an agent’s weights by label, else by kind', () => {
    const weights = withWeights([SKILLS, YEARS, MEANING], { Skills: 3, at_least: 2, similarity: 'much' });
    expect(weights.map(({ weight }) => weight)).toEqual([3, 2, 1]);
  });

  it('are checked before they are stored', () => {
    expect(matchCriteria.safeParse([SKILLS, SALARY, YEARS, PLACE, MEANING]).success).toBe(true);
    expect(matchCriteria.safeParse([{ kind: 'luck', weight: 1, label: 'x' }]).success).toBe(false);
    expect(matchCriteria.safeParse([]).success).toBe(false);
  });
});

describe('filters', () => {
  const record = { field: 'Data', remote: true, salary: 60, skills: ['Go', 'SQL'] };

  it.each([
    [{ field: 'data' }, true],
    [{ field: ['Law', 'Data'] }, true],
    [{ field: 'Law' }, false],
    [{ remote: true, salary: { gte: 50, lte: 60 } }, true],
    [{ salary: { gte: 61 } }, false],
    [{ skills: 'sql' }, true],
    [{ skills: 'C' }, false],
    [{ unknown: 'x' }, false],
    [{}, true],
  ])('%j passes: %s', (filters, passes) => {
    expect(passesFilters(record, filters)).toBe(passes);
  });
});

describe('profileText', () => {
  it('takes the records’ fields, lists and sentences, then the message', () => {
    const profile = {
      id: 'X1',
      title: 'Cook',
      city: 'Rome',
      skills: ['Pasta', 7],
      about: 'I cook for many people',
      age: 40,
    };
    expect(profileText(profile, ['title'], 'in Milan please')).toBe(
      'Cook\n\nPasta\n\nI cook for many people\n\nin Milan please',
    );
  });
});
