/**
 * The widget in a customer's page: `<script src="https://chat.example.com/widget.js" data-widget="pk_…" async>`.
 *
 *   the page            this script ──▶ window.Switchboard (commands wait) ──▶ an empty frame of the page's own origin
 *   the empty frame     this script again ──▶ Widget: config, launcher, visitor, unread?
 *                                                  └──on the first opening, or when something is unread──▶ panel.js
 *
 * Pages patch what scripts stand on: `Array.prototype`, `JSON`, `Promise`, `fetch`. In a frame of its own everything is as the
 * browser made it; only what is seen stands in the page, in a shadow root that its styles do not reach. Nothing is written as
 * HTML, evaluated or styled inline, so that a page's policy has to name the server and nothing else.
 *
 * `loader/` is what every visit loads, `panel/` what a conversation needs; `contract.ts` is what they know of each other.
 */
import { commandsOf, type PublicApi, readCalls } from './loader/commands.js';
import { inOwnRealm, placeOfRealm } from './loader/realm.js';
import { Widget } from './loader/widget.js';

declare global {
  interface Window {
    Switchboard?: PublicApi;
  }
}

const place = placeOfRealm();
if (place !== null) new Widget(place).start();
else begin();

function begin(): void {
  const script = document.currentScript ?? document.querySelector('script[data-widget]');
  const key = script?.getAttribute('data-widget');
  // Twice in one page is once.
  if (!(script instanceof HTMLScriptElement) || !key || window.Switchboard?.isLoaded === true) return;
  const commands = commandsOf(readCalls(window.Switchboard));
  window.Switchboard = commands.api;
  const found = {
    page: window,
    src: script.src,
    key,
    language: script.getAttribute('data-language'),
    commands,
  };
  inOwnRealm(script, found, () => new Widget(found).start());
}
