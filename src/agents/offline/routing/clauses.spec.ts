import { clausesOf } from './clauses.js';

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
    ['Hello? Where is order 1042?', ['Hello? Where is order 1042?']],
  ])('splits "%s"', (message, clauses) => {
    expect(clausesOf(message)).toEqual(clauses);
  });

  it('loses nothing of meaning and stays quick on a long message', () => {
    const start = performance.now();
    expect(clausesOf('and how '.repeat(2000)).length).toBeGreaterThan(0);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
