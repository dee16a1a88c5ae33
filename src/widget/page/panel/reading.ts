import type { ConversationState } from '../../../sdk/index.js';
import type { PanelPlace } from '../contract.js';
import { newsIn, type StoredAnswer } from './news.js';
import { playNote } from './sound.js';

/** How far the open conversation was read: kept in this browser, counted for the launcher, and told to the page. */
export class Reading {
  private readonly told = new Set<string>();
  /** What stands in the conversation that is being opened was read long ago. */
  private isOpeningOld = false;

  constructor(private readonly place: PanelPlace) {}

  opensOld(): void {
    this.isOpeningOld = true;
  }

  forget(): void {
    this.told.clear();
  }

  /** @param isVisible somebody sees it */
  look(conversation: ConversationState, isVisible: boolean): void {
    const { memory } = this.place.visit;
    const { chat } = memory;
    if (chat === null || conversation.conversationId !== chat.id || conversation.restoring) {
      if (chat === null) this.place.setUnread(0);
      return;
    }
    const news = newsIn(conversation, chat.seen);
    if (this.isOpeningOld) for (const { id } of news) this.told.add(id);
    this.isOpeningOld = false;
    this.tell(news, { conversationId: chat.id, isVisible });
    if (!isVisible) return this.place.setUnread(news.length);
    const seen = Math.max(chat.seen, ...news.map(({ seq }) => seq));
    if (seen !== chat.seen) memory.chat = { ...chat, seen };
    this.place.setUnread(0);
  }

  private tell(news: readonly StoredAnswer[], at: { conversationId: string; isVisible: boolean }): void {
    const fresh = news.filter(({ id }) => !this.told.has(id));
    for (const { content, id, role } of fresh) {
      this.told.add(id);
      this.place.emit('message', { id, role, content, conversation_id: at.conversationId });
    }
    if (fresh.length > 0 && !at.isVisible && this.place.visit.memory.hasSound) playNote(this.place.page);
  }
}
