/** A realm of the widget's own: an empty frame, where the page has patched nothing. */
import type { Place } from '../contract.js';

interface RealmWindow extends Window {
  switchboardPlace?: Place;
}

/** Where this copy of the script was put to work; null for the one that the page loaded. */
export function placeOfRealm(): Place | null {
  return (window as RealmWindow).switchboardPlace ?? null;
}

/**
 * Runs the script once more, in a frame without an address: it has the page's origin and its policy.
 * Here nothing is known to be as the browser made it, so only the plainest of words are used.
 * @param otherwise when the page lets nobody make frames
 */
export function inOwnRealm(script: HTMLScriptElement, place: Place, otherwise: () => void): void {
  try {
    const frame = document.createElement('iframe');
    frame.hidden = true;
    frame.title = 'Chat';
    frame.setAttribute('aria-hidden', 'true');
    frame.style.setProperty('display', 'none', 'important');
    let isBegun = false;
    // Some browsers put a second empty document in the place of the first: the one that is loaded stays.
    frame.onload = () => {
      const inner = frame.contentDocument;
      const realm = frame.contentWindow as RealmWindow | null;
      if (isBegun || inner === null || realm === null) return;
      isBegun = true;
      realm.switchboardPlace = place;
      const copy = inner.createElement('script');
      copy.onerror = otherwise;
      if (script.nonce) copy.nonce = script.nonce;
      try {
        copy.src = trusted(realm, script.src);
        inner.documentElement.appendChild(copy);
      } catch {
        otherwise();
      }
    };
    // Not in the body, which some sites replace while one is on them.
    document.documentElement.appendChild(frame);
  } catch {
    otherwise();
  }
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

/** Some policies want to be told that an address is meant to be run: it is the one that the page runs already. */
function trusted(realm: Window & { readonly trustedTypes?: TrustedTypes }, url: string): string {
  const policy = realm.trustedTypes?.createPolicy('switchboard', { createScriptURL: (own) => own });
  return policy === undefined ? url : policy.createScriptURL(url);
}
