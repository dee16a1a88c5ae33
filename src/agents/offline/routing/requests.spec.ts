import { meansAnother, pointsBack, saysNeverMind, wantsPerson } from './requests.js';

describe('wantsPerson', () => {
  it.each([
    'I want to speak to a real person please',
    'Can I talk to a human?',
    'connect me with an agent',
    'Please transfer me to customer service',
    'human please',
    'I do not want to talk to a bot, I want a human',
    'Could I chat with someone from your support team?',
    'get me a live agent',
    'Quiero hablar con una persona',
    'necesito un agente humano',
    'Ich möchte mit einem Mitarbeiter sprechen',
    'Kann ich bitte mit einem echten Menschen reden?',
    'Verbinden Sie mich mit einem Berater',
  ])('hears it in "%s"', (message) => {
    expect(wantsPerson(message)).toBe(true);
  });

  it.each([
    'I am looking for a person who knows React',
    'Jobs in human resources',
    'What does a customer service agent earn?',
    'How do I contact the courier?',
    'We are hiring a customer support agent, write a LinkedIn post',
    'Show me people with Airflow and dbt',
    'Is the agent able to track orders?',
    'Busco una persona con experiencia en Python',
  ])('does not hear it in "%s"', (message) => {
    expect(wantsPerson(message)).toBe(false);
  });
});

describe('saysNeverMind', () => {
  it.each([
    'never mind',
    'Cancel',
    'forget it.',
    'no thanks',
    'stop',
    'olvídalo',
    'Egal',
    'vergiss es',
    'ok cancel that',
  ])('hears it in "%s"', (message) => expect(saysNeverMind(message)).toBe(true));
  it.each(['Cancel my order 1042', 'stop sending me newsletters', 'Kündigen', 'no 1042'])(
    'does not hear it in "%s"',
    (message) => expect(saysNeverMind(message)).toBe(false),
  );
});

it('knows what points back to an earlier message', () => {
  expect(['and to Norway?', 'When will it arrive?', '¿y a Portugal?', 'was ist mit 1043?'].every(pointsBack)).toBe(
    true,
  );
  expect(['Where is order 1042?', 'Wie lange habe ich Garantie?'].some(pointsBack)).toBe(false);
  expect(meansAnother('I have another order')).toBe(true);
  expect(meansAnother('Where is my order')).toBe(false);
});
