import { composePost } from './post-composer.js';

it('builds a post from the user’s own points', () => {
  const post = composePost(
    'Write a LinkedIn post about our new packaging: 30% less plastic, fully recyclable boxes, and cheaper shipping',
    'en',
  );
  expect(post).toMatch(/^\*\*.*new packaging.*\*\*\n/);
  expect(post).toContain('- 30% less plastic');
  expect(post).toContain('- Fully recyclable boxes');
  expect(post).toContain('- Cheaper shipping');
  expect(post).toMatch(/#\p{L}+/u);
});

it('invents nothing: without points it says what to add', () => {
  expect(composePost('Write a LinkedIn post about our summer sale', 'en')).toContain('[Add one concrete fact');
  expect(composePost('Escribe una publicación de LinkedIn sobre nuestra tienda', 'es')).toContain('[Añade');
  expect(composePost('Schreib einen LinkedIn-Beitrag über unsere Werkstatt', 'de')).toMatch(
    /unsere Werkstatt|Unsere Werkstatt/,
  );
});

it('copes with a request that holds nothing else', () => {
  expect(composePost('Write a LinkedIn post', 'en')).toContain('**');
});
