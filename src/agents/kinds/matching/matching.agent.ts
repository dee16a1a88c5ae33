import { escapeMarkdown, topicStems } from '#platform/text';
import type { RequestContext } from '#platform/context';
import type { MatchingService, MatchItem } from '#rag';
import { searchFailure } from '../../turn/turn.errors.js';
import { writeWords } from '../../turn/answer-text.js';
import { fill } from '../../turn/phrases.js';
import { oneNode } from '../../supervisor/agent-kind.js';
import { status, timed } from '../../turn/turn-context.js';
import { demandsSkills, withWishes } from './profile-overlay.js';
import { nothingSaid, wishesIn } from './wishes.js';

const LIMIT = 5;
const REASONS = 3;
/** "Which jobs suit me?" alone tells nothing about who asks. */
const FEW_WORDS = 2;

export interface ProfileSource {
  ofCaller(ctx: RequestContext): Promise<Readonly<Record<string, unknown>>>;
}

/** Matches the caller's profile, and what the message adds to it, against the records of a knowledge base. */
export function matchingKind(matcher: Pick<MatchingService, 'match'>, profiles: ProfileSource) {
  return oneNode('matching', 'match', async ({ agent, run, section, task }) => {
    const { settings } = agent;
    const phrases = run.voice.phrases(task.language);
    const knowledgeBaseId = settings['knowledge_base_id'] ?? agent.knowledgeBaseIds[0];
    if (typeof knowledgeBaseId !== 'string') {
      writeWords(phrases.noTool, section);
      return {};
    }
    const { text } = task.intent;
    const wishes = wishesIn(text);
    status(run, 'retrieving', { agent: agent.key });
    const items = await timed(run, 'matching', async () => {
      const own = await profiles.ofCaller(run.ctx);
      run.signal.throwIfAborted();
      if (Object.keys(own).length === 0 && nothingSaid(wishes) && topicStems(text).length <= FEW_WORDS) return null;
      const { criteria, limit } = settings;
      const request = {
        knowledgeBaseId,
        profile: withWishes(own, wishes, demandsSkills(criteria)),
        text,
        weights: record(settings['weights']),
        ...(criteria === undefined ? {} : { criteria }),
        limit: typeof limit === 'number' ? limit : LIMIT,
        onFieldsOnly: () => {
          run.notes.degrade();
        },
      };
      try {
        return await matcher.match(run.ctx, request, run.signal, run.usage.metered('retrieve'));
      } catch (error) {
        run.signal.throwIfAborted();
        throw searchFailure(error);
      }
    });
    if (items === null) {
      writeWords(phrases.noProfile, section);
      return {};
    }
    run.log.info(
      { agent: agent.key, retrieval: items.length > 0 ? 'hit' : 'miss', matches: items.length },
      'records matched',
    );
    if (items.length === 0) {
      writeWords(phrases.noMatches, section);
      return {};
    }
    const type = settings['payload_type'];
    section.payload(typeof type === 'string' ? type : 'matches', items);
    status(run, 'generating', { agent: agent.key });
    await timed(run, 'generating', async () => {
      if (run.model === null) {
        writeWords(summary(items, items.length === 1 ? phrases.oneMatch : phrases.matches), section);
        return;
      }
      const results = [{ tool: 'matches', data: items.map(forModel) }];
      const { language, input_history: history } = task;
      await run.steps.writer.fromToolResults(
        { agent, question: task.intent.text, language, history, voice: run.voice, results },
        section,
        run.signal,
      );
    });
    return {};
  });
}

function summary(items: readonly MatchItem[], opening: string): string {
  const lines = items.map((item, index) => {
    const about = [item['company'], item['location']]
      .filter((part) => typeof part === 'string' && part !== '')
      .map(escapeMarkdown);
    const reasons = item.reasons.slice(0, REASONS).map(escapeMarkdown).join('; ');
    const place = about.length === 0 ? '' : `, ${about.join(', ')}`;
    return `${index + 1}. **${escapeMarkdown(item.title)}**${place} (${Math.round(item.score * 100)} %)${reasons === '' ? '' : `: ${reasons}`}`;
  });
  return `${fill(opening, { count: String(items.length) })}\n\n${lines.join('\n')}`;
}

/** Long texts are on the cards; a model needs what the score was made from. */
function forModel(item: MatchItem): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(item).map(([field, value]) => [field, typeof value === 'string' ? value.slice(0, 300) : value]),
  );
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
