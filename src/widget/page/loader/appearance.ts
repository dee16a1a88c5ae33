/** Colours that can be read, whatever accent a tenant chose. */
import type { Appearance } from '../contract.js';

type Rgb = readonly [number, number, number];

const DEFAULT_ACCENT = '#0f766e';
const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
/** Of text, and of what has to be seen (WCAG 2.2, 1.4.3 and 1.4.11). */
const TEXT = 4.5;
const SHAPE = 3;

const LIGHT = {
  surface: '#ffffff',
  soft: '#f2f4f5',
  line: '#e1e6e8',
  text: '#16202a',
  muted: '#5b6770',
  bad: '#b42318',
};
const DARK = {
  surface: '#15191d',
  soft: '#22282e',
  line: '#323a42',
  text: '#e9edf0',
  muted: '#a2adb6',
  bad: '#ff9d92',
};

export function isDark({ theme }: Appearance, page: Window): boolean {
  return theme === 'dark' || (theme !== 'light' && page.matchMedia('(prefers-color-scheme: dark)').matches);
}

/** The custom properties that everything is drawn with, as one rule. */
export function themeRule({ accent }: Appearance, dark: boolean): string {
  const ground = dark ? DARK : LIGHT;
  const chosen = parse(accent ?? DEFAULT_ACCENT) ?? (parse(DEFAULT_ACCENT) as Rgb);
  const fill = adjusted(chosen, parse(ground.surface) as Rgb, SHAPE);
  const on = contrast(fill, WHITE) >= TEXT ? WHITE : contrast(fill, BLACK) >= TEXT ? BLACK : WHITE;
  const text = adjusted(chosen, parse(ground.soft) as Rgb, TEXT);
  const values = {
    ...ground,
    accent: hex(fill),
    'on-accent': hex(on),
    'accent-text': hex(text),
    'accent-soft': hex(mixed(parse(ground.surface) as Rgb, fill, dark ? 0.22 : 0.1)),
    shadow: dark ? 'rgb(0 0 0 / 55%)' : 'rgb(15 30 45 / 18%)',
  };
  const lines = Object.entries(values).map(([name, value]) => `--sb-${name}:${value}`);
  return `:host{${lines.join(';')};color-scheme:${dark ? 'dark' : 'light'}}`;
}

/** The colour, or as little darker or lighter as makes it stand out from the ground. */
export function adjusted(colour: Rgb, ground: Rgb, least: number): Rgb {
  const towards = luminance(ground) > 0.4 ? BLACK : WHITE;
  for (let share = 0; share < 1; share += 0.05) {
    const next = mixed(colour, towards, share);
    if (contrast(next, ground) >= least) return next;
  }
  return towards;
}

export function contrast(one: Rgb, other: Rgb): number {
  const [lighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

export function parse(colour: string): Rgb | null {
  const [, red, green, blue] = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour) ?? [];
  if (red === undefined || green === undefined || blue === undefined) return null;
  return [parseInt(red, 16), parseInt(green, 16), parseInt(blue, 16)];
}

function hex(colour: Rgb): string {
  return `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
}

function mixed(one: Rgb, other: Rgb, share: number): Rgb {
  const at = (index: 0 | 1 | 2) => Math.round(one[index] + (other[index] - one[index]) * share);
  return [at(0), at(1), at(2)];
}

function luminance(colour: Rgb): number {
  const linear = (part: number) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
}
