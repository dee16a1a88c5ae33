import { saysItDidNotHelp } from './complaints.js';

describe('what is said of an answer', () => {
  it.each([
    'That did not help.',
    'No, that is not what I asked',
    'that doesn’t help me at all',
    'You don’t understand me',
    'this is useless',
    'Wrong answer!',
    'I already told you that.',
    'Eso no me ayuda',
    'No me entiendes',
    'Das hilft mir nicht weiter',
    'Sie verstehen mich nicht',
    'Ça ne m’aide pas',
    'Non mi aiuta',
    'Isso não ajuda',
  ])('is heard in "%s"', (message) => expect(saysItDidNotHelp(message)).toBe(true));

  it.each([
    'My doctor did not help me with my knee',
    'The water filter does not work',
    'Which medicine did not help against malaria?',
    'Is it useless to water a cactus in winter?',
    'How do I tell a pupil that the answer is wrong?',
    'I told you about my cat, what does she need?',
    'Das Medikament hilft nicht, was nun?',
    'El filtro no sirve para agua salada',
    'What does it mean when a dog does not listen?',
    'Does that help against frost?',
  ])('is not heard in "%s"', (message) => expect(saysItDidNotHelp(message)).toBe(false));
});
