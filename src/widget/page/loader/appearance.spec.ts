import { adjusted, contrast, parse, themeRule } from './appearance.js';

type Rgb = NonNullable<ReturnType<typeof parse>>;
const rgb = (colour: string) => parse(colour) as Rgb;
const valueOf = (rule: string, name: string) => rgb(new RegExp(`--sb-${name}:(#[0-9a-f]{6})`).exec(rule)?.[1] ?? '');

describe('the colours of a widget', () => {
  // Every corner and the middles between them.
  const steps = ['00', '55', 'aa', 'ff'];
  const accents = steps.flatMap((red) => steps.flatMap((green) => steps.map((blue) => `#${red}${green}${blue}`)));

  it.each([true, false])('can be read whatever accent was chosen (dark: %s)', (dark) => {
    for (const accent of accents) {
      const rule = themeRule({ accent }, dark);
      const of = (name: string) => valueOf(rule, name);
      expect(contrast(of('accent'), of('on-accent'))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(of('accent'), of('surface'))).toBeGreaterThanOrEqual(3);
      expect(contrast(of('accent-text'), of('soft'))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(of('accent-text'), of('surface'))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(of('text'), of('accent-soft'))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(of('accent-text'), of('accent-soft'))).toBeGreaterThanOrEqual(3);
    }
  });

  it('stay as they were chosen where that can be read', () => {
    expect(adjusted(rgb('#1f5f4a'), rgb('#ffffff'), 4.5)).toEqual(rgb('#1f5f4a'));
    expect(themeRule({ accent: '#1f5f4a' }, false)).toContain('--sb-accent:#1f5f4a');
  });
});
