import { csvText } from '#platform/http';
import type { MessageView } from '../model/conversation-event.js';
import type { ConversationView } from '../store/conversation.repository.js';
import type { MessageText } from '../store/message.repository.js';

export interface Transcript {
  readonly conversation: ConversationView;
  /** Ascending. */
  readonly messages: readonly MessageText[];
}

const SPEAKERS: Readonly<Record<MessageView['role'], string>> = {
  user: 'User',
  assistant: 'Assistant',
  supporter: 'Supporter',
  system: 'System',
};

/** For people: who said what and when (UTC), with the sources of answers. */
export function transcriptMarkdown({ conversation, messages }: Transcript): string {
  const head = `# ${oneLine(conversation.title)}\n\n${conversation.created_at} · ${conversation.channel} · ${conversation.id}\n`;
  return [head, ...messages.map(sectionOf)].join('\n');
}

/** For spreadsheets: a row a message. */
export function transcriptCsv({ messages }: Transcript): string {
  return csvText([
    ['created_at', 'role', 'content', 'agents', 'citations', 'message_id', 'turn_id'],
    ...messages.map(({ content, created_at: at, id, metadata, role, turn_id: turn }) => [
      at,
      role,
      content,
      namesIn(metadata['agents']),
      metadata.citations?.length ?? 0,
      id,
      turn,
    ]),
  ]);
}

function namesIn(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join(' ') : '';
}

function sectionOf({ content, created_at: at, metadata, role }: MessageText): string {
  const partial = metadata['partial'] === true ? ' (stopped)' : '';
  const sources = metadata.citations ?? [];
  const list = sources.map(({ n, title, url }) => `[${n}] ${oneLine(title)}${url === null ? '' : ` <${url}>`}`);
  return `## ${SPEAKERS[role]}, ${at}${partial}\n\n${content}\n${list.length === 0 ? '' : `\n${list.join('\n')}\n`}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
