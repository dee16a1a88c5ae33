import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What a page pays for the widget, over the wire. */
const LOADER = 5000;
/** With a language and what is known of the visitor. */
const PANEL = 40_000;

describe('what customers’ pages load', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-widget-'));
    execFileSync(process.execPath, ['src/widget/page/build.mjs', folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const text = (path: string) => readFileSync(join(folder, path), 'utf8');
  const size = (path: string) => gzipSync(text(path)).length;

  it('is a small loader for every visit, and a panel for who talks', () => {
    expect(size('widget.js')).toBeLessThanOrEqual(LOADER);
    for (const language of ['en', 'de', 'fr', 'es', 'ar']) {
      const loaded = ['widget/panel.js', 'widget/visit.js', `widget/${language}.js`].map(size);
      expect(loaded.reduce((sum, one) => sum + one)).toBeLessThanOrEqual(PANEL);
    }
  });

  it('writes no HTML and evaluates nothing, so that a strict policy lets it', () => {
    const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.js'));
    expect(scripts).toHaveLength(8);
    for (const path of scripts) {
      const forbidden =
        /\beval\(|\bnew Function\b|insertAdjacentHTML|(inner|outer)HTML|document\.write|createContextualFragment/;
      expect(text(path)).not.toMatch(forbidden);
    }
  });

  it('stands on nothing that has to be polyfilled on a page', () => {
    expect(text('widget.js')).toMatch(/^"use strict";|^\(/);
    expect(text('widget/panel.js')).toMatch(/export\s*\{/);
  });
});
