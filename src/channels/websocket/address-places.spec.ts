import { type AddressPlace, AddressPlaces } from './address-places.js';

const entered = (place: AddressPlace | null): AddressPlace => {
  if (place === null) throw new Error('there was no place');
  return place;
};

describe('the places of an address', () => {
  it('for people who are known are not taken by those who have not said who they are', () => {
    const places = new AddressPlaces({ known: 2, unknown: 2 });
    entered(places.enter('a'));
    entered(places.enter('a'));
    expect(places.enter('a')).toBeNull();
    expect(places.enter('b')).not.toBeNull();
    const [one, two] = [entered(places.enterKnown('a')), entered(places.enterKnown('a'))];
    expect(places.enterKnown('a')).toBeNull();
    one.leave();
    one.leave();
    entered(places.enterKnown('a'));
    expect(places.enterKnown('a')).toBeNull();
    two.leave();
  });

  it('are changed by who says who he is, as long as there is one', () => {
    const places = new AddressPlaces({ known: 1, unknown: 1 });
    const first = entered(places.enter('a'));
    expect(first.identify()).toBe(true);
    expect(first.identify()).toBe(true);
    // Nobody is let in who could not get a place afterwards.
    expect(places.enter('a')).toBeNull();
    first.leave();
    const [second, third] = [entered(places.enter('a')), entered(places.enterKnown('a'))];
    expect(second.identify()).toBe(false);
    third.leave();
    expect(second.identify()).toBe(true);
  });

  it('are made free by who has been silent for longest, but not at once', () => {
    const places = new AddressPlaces({ known: 5, unknown: 2 });
    const gone: string[] = [];
    const silent = (name: string, now: number, speaks = false): void => {
      entered(places.enter('a', now)).giveUp = () => !speaks && gone.push(name) > 0;
    };
    silent('first', 0);
    silent('second', 10);
    expect(places.enter('a', 500)).toBeNull();
    silent('third', 1000);
    expect(gone).toEqual(['first']);
    expect(places.enter('a', 1005)).toBeNull();
    silent('fourth', 1010, true);
    expect(gone).toEqual(['first', 'second']);
    // Who is being verified is not sent away.
    silent('fifth', 2100);
    expect(gone).toEqual(['first', 'second', 'third']);
    expect(places.enter('a', 2200)).toBeNull();
  });
});
