import { MessageReading } from './message-reading.js';

it('reads no more numbers and words of a message than somebody means', () => {
  const reading = new MessageReading('1 '.repeat(10_000), { today: new Date(), timeZone: 'UTC', language: 'en' });
  expect(reading.numbers()).toHaveLength(200);
  // Each word, and three ways to write it and the next together.
  expect(reading.tokens().length).toBeLessThanOrEqual(800);
});
