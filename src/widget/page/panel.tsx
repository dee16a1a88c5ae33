/**
 * The panel: what a conversation needs, loaded when there is one to be had.
 *
 *   Chat (src/sdk) ──▶ Room ──state──▶ App (preact, in the launcher's shadow root)
 *                       │  ▲
 *      Memory, Visitor ─┘  └─ open, close, send, another visitor
 *
 * `Room` knows when to connect, what was read and what is news; components only draw and say what a person wants.
 */
import { options, render } from 'preact';
import type { Panel, PanelPlace } from './contract.js';
import { adoptStyles } from './loader/launcher.js';
import { App } from './panel/app.js';
import { onNextFrame } from './panel/frames.js';
import { Room } from './panel/room.js';
import messages from './panel/styles/messages.css';
import panel from './panel/styles/panel.css';
import people from './panel/styles/people.css';

export function mount(place: PanelPlace): Panel {
  const { element, page } = place;
  // The frame that this runs in is never painted: it has no animation frames of its own.
  options.requestAnimationFrame = (callback) => onNextFrame(page, callback);
  adoptStyles(page, element.getRootNode() as ShadowRoot, place.config, panel + messages + people);
  const room = new Room(place);
  render(<App room={room} place={place} />, element);
  return {
    open: () => room.setOpen(true),
    close: () => room.setOpen(false),
    send: (text) => room.send(text),
    visitorChanged: () => room.visitorChanged(),
    reset: () => room.reset(),
    remove: () => {
      room.leave();
      render(null, element);
    },
  };
}
