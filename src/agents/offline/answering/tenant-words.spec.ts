import { agent } from '../../../../test/support/agent-fakes.js';
import { exampleOf, inTenantsWords } from './tenant-words.js';

describe('an example that speaks of anything', () => {
  const REPAIRS = agent('repairs', {
    kind: 'knowledge',
    examples: [
      'My device keeps overheating, what now?',
      'The product came without screws',
      'When does the shop in Cork open?',
      'Do you rent out bicycles?',
      'Se me ha roto el producto al caer',
      'Das Gerät piept ständig beim Einschalten',
      'Can I return an item?',
    ],
  });

  it.each([
    ['my drill keeps overheating', 'My device keeps overheating, what now?'],
    ['the wardrobe came without screws', 'The product came without screws'],
    ['se me ha roto la batidora al caer', 'Se me ha roto el producto al caer'],
    ['Die Mikrowelle piept ständig beim Einschalten', 'Das Gerät piept ständig beim Einschalten'],
  ])('stands for "%s"', (question, example) => {
    expect(exampleOf(question, REPAIRS)).toBe(example);
  });

  it.each([
    // Paris is not Cork, and yachts are no bicycles.
    'When does the shop in Paris open?',
    'Do you rent out yachts?',
    // One word in common says too little.
    'Can I return to Norway by ferry?',
    'my drill is overheating',
    'the pope came without screws in a boat over the sea to heal the sick',
  ])('does not stand for "%s"', (question) => {
    expect(exampleOf(question, REPAIRS)).toBeNull();
  });
});

describe('what a tenant says means the same', () => {
  const GARDEN = agent('garden', {
    kind: 'knowledge',
    settings: {
      synonyms: [
        ['allotment', 'plot', 'garden patch', 'huerto', 'Schrebergarten'],
        ['fee', 'dues'],
      ],
    },
  });

  it.each([
    ['How do I give up my plot?', 'How do I give up my allotment?'],
    ['two garden patches, what dues?', 'two allotment, what fee?'],
    ['¿Cómo dejo mi Huerto?', '¿Cómo dejo mi allotment?'],
    ['Was kostet ein Schrebergarten', 'Was kostet ein allotment'],
    ['the plots', 'the allotment'],
    ['How do I plant a patch in the garden?', 'How do I plant a patch in the garden?'],
    ['the plotter', 'the plotter'],
  ])('is searched for: "%s"', (question, written) => {
    expect(inTenantsWords(question, GARDEN)).toBe(written);
  });

  it.each([undefined, 'plot', [1, 'x'], [[]], [['a']], { a: 1 }, [['a', '', 3]]])('%j means nothing', (synonyms) => {
    expect(inTenantsWords('a plot', agent('x', { settings: { synonyms } }))).toBe('a plot');
  });
});
