import { enforceSql, parseOptions, profileFromStartup, profileKey } from './session-profile.js';

const startup = (parameters: Record<string, string>) => profileFromStartup(new Map(Object.entries(parameters)));

describe('the profile of a connection', () => {
  it('is the owner without settings when nothing was asked for', () => {
    const profile = startup({ user: 'postgres', database: 'postgres', client_encoding: 'UTF8', application_name: 'x' });
    expect(profile).toEqual({ role: null, settings: new Map() });
  });

  it('takes role and settings from the options, and settings from parameters of their own', () => {
    const profile = startup({ user: 'x', search_path: 'app', options: '-c role=switchboard_none -c work_mem=1MB' });
    expect(profile).toEqual({
      role: 'switchboard_none',
      settings: new Map([
        ['search_path', 'app'],
        ['work_mem', '1MB'],
      ]),
    });
  });

  it('ignores timeouts, which never fire in a single-user session and would only cause switches', () => {
    expect(startup({ statement_timeout: '5000', options: '-c lock_timeout=1s' }).settings.size).toBe(0);
  });

  it('has the same key in whatever order the settings were given', () => {
    const keys = ['-c a=1 -c b=2', '-c b=2 -c a=1', '-c a=2 -c b=1'].map((options) => profileKey(startup({ options })));
    expect(keys[0]).toBe(keys[1]);
    expect(keys[0]).not.toBe(keys[2]);
  });

  it('is put in force with quoted names and values', () => {
    const sql = enforceSql({ role: 'odd"; DROP', settings: new Map([["it's", "o'clock"]]) });
    expect(sql).toBe(
      `RESET ROLE; RESET ALL; SELECT pg_catalog.set_config('it''s', 'o''clock', false); SET ROLE "odd""; DROP"`,
    );
  });
});

describe('parseOptions', () => {
  it('reads each way of writing a setting, with escaped blanks', () => {
    expect(parseOptions(String.raw`-c a=1 -cb=2 --my-name=x\ y  -c`)).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['my_name', 'x y'],
    ]);
  });
});
