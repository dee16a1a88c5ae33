import { clausesOf } from './clauses.js';
import { processorMs } from '../../../../test/support/processor-time.js';

describe('clausesOf', () => {
  it.each([
    ['Where is order 1042 and how do I get a refund?', ['Where is order 1042', 'how do I get a refund?']],
    ['Where is order 1042, and what is your returns policy?', ['Where is order 1042', 'what is your returns policy?']],
    ['Track order 1042. Also, write a post about boots.', ['Track order 1042.', 'Also write a post about boots.']],
    ['¿Dónde está mi pedido y cuánto cuesta el envío?', ['¿Dónde está mi pedido y cuánto cuesta el envío?']],
    ['¿Dónde está mi pedido y cómo lo devuelvo?', ['¿Dónde está mi pedido', 'cómo lo devuelvo?']],
    ['Wo ist mein Paket und wie gebe ich es zurück?', ['Wo ist mein Paket', 'wie gebe ich es zurück?']],
    ['The price is 3.50 at acme.test for order no. 1042', ['The price is 3.50 at acme.test for order no. 1042']],
    ['boots and socks', ['boots and socks']],
    ['Where is my suitcase, how do I claim?', ['Where is my suitcase', 'how do I claim?']],
    ['If I travel there, do I need a visa?', ['If I travel there, do I need a visa?']],
    ['I lost my card, what do I do now?', ['I lost my card, what do I do now?']],
    ['At least, what must I pay for a family?', ['At least, what must I pay for a family?']],
    ['I don’t like this song, can you skip it?', ['I don’t like this song, can you skip it?']],
    ['Hello? Where is order 1042?', ['Hello? Where is order 1042?']],
  ])('splits "%s"', (message, clauses) => {
    expect(clausesOf(message)).toEqual(clauses);
  });

  it('loses nothing of meaning and stays quick on a long message', () => {
    const start = processorMs();
    expect(clausesOf('and how '.repeat(2000)).length).toBeGreaterThan(0);
    expect(processorMs() - start).toBeLessThan(1000);
  });
});
