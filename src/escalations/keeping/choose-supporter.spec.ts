import type { FreeSupporter } from '../store/presence.repository.js';
import { chooseSupporter } from './choose-supporter.js';

const someone = (id: string, of: Partial<FreeSupporter> = {}): FreeSupporter => ({
  id,
  skills: [],
  languages: [],
  load: 0,
  capacity: 2,
  last_assigned: 0,
  ...of,
});
const any = { skill: null, language: null };

describe('who is given a conversation', () => {
  it('is nobody where supporters choose for themselves, or nobody has room', () => {
    expect(chooseSupporter(any, [someone('a')], 'manual')).toBeNull();
    expect(chooseSupporter(any, [someone('a', { load: 2 })], 'least_busy')).toBeNull();
    expect(chooseSupporter(any, [], 'round_robin')).toBeNull();
  });

  it('is whose turn it is, or who has the least to do for what they can take', () => {
    const people = [
      someone('a', { last_assigned: 5, load: 1, capacity: 10 }),
      someone('b', { last_assigned: 3, load: 1, capacity: 2 }),
    ];
    expect(chooseSupporter(any, people, 'round_robin')?.id).toBe('b');
    expect(chooseSupporter(any, people, 'least_busy')?.id).toBe('a');
  });

  it('has the skill, and speaks the language where somebody does', () => {
    const people = [
      someone('a', { languages: ['de'] }),
      someone('b', { skills: ['returns'], languages: ['en', 'pt-BR'] }),
    ];
    expect(chooseSupporter({ skill: 'returns', language: 'de' }, people, 'least_busy')?.id).toBe('b');
    expect(chooseSupporter({ skill: null, language: 'pt' }, people, 'least_busy')?.id).toBe('b');
    expect(chooseSupporter({ skill: null, language: 'de-AT' }, people, 'least_busy')?.id).toBe('a');
    expect(chooseSupporter({ skill: null, language: 'fr' }, people, 'least_busy')?.id).toBe('a');
    expect(chooseSupporter({ skill: 'law', language: 'en' }, people, 'least_busy')).toBeNull();
  });
});
