import { topicStems } from '#platform/text';
import type { RequestContext } from '#platform/context';
import { type Matches, type MatchingService, NO_WISHES, type RecordCatalog } from '#rag';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { oneNode, type Part } from '../../supervisor/agent-kind.js';
import type { ExtractedWishes, Pointed } from '../../steps/wish-extractor.js';
import { recordsBaseOf } from '../../turn/agent-records.js';
import { writeWords } from '../../turn/answer-text.js';
import { fill } from '../../turn/phrases.js';
import { status, timed } from '../../turn/turn-context.js';
import { searchFailure } from '../../turn/turn.errors.js';
import { askableInstead, forModel, nothingLike, particulars, summary } from './tell-matches.js';

const LIMIT = 5;
/** "Which jobs suit me?" alone tells nothing about who asks. */
const FEW_WORDS = 2;

const NOTHING: Pointed = { documentIds: [], fields: [], listed: null };

type Profile = Readonly<Record<string, unknown>>;

export interface ProfileSource {
  ofCaller(ctx: RequestContext): Promise<Profile>;
}

/**
 * Records of a knowledge base that have what the caller asks for, in the order in which they suit the caller's profile:
 * read the profile and the records' vocabulary, extract the wishes, match, tell.
 */
export function matchingKind(matcher: Pick<MatchingService, 'match'>, profiles: ProfileSource) {
  return oneNode('matching', 'match', async (part) => {
    const { agent, run, section, task } = part;
    const phrases = run.voice.phrases(task.language);
    const say = (words: string) => {
      writeWords(words, section);
      return {};
    };
    const base = recordsBaseOf(agent);
    if (base === null) return say(phrases.noTool);
    status(run, 'retrieving', { agent: agent.key });
    const { catalog, matches, wishes } = await timed(run, 'matching', async () => {
      const known = await Promise.all([profiles.ofCaller(run.ctx), run.records.of(agent)]);
      run.signal.throwIfAborted();
      const asked = await wishesOf(part, known[1]);
      const pointed = asked.pointed.listed !== null;
      const idle =
        asked.elsewhere ||
        (pointed ? asked.pointed.documentIds.length === 0 : knowsNothing(known[0], asked, task.intent.text));
      const found = idle ? null : await match(matcher, part, { base, profile: known[0], wishes: asked });
      return { catalog: known[1], wishes: asked, matches: found };
    }).catch((error: unknown) => {
      run.signal.throwIfAborted();
      throw searchFailure(error);
    });
    if (wishes.elsewhere) return say(askableInstead(agent, matchingOnly(run.others), task.language, phrases));
    const { fields, listed } = wishes.pointed;
    if (listed !== null && matches === null) return say(fill(phrases.notOnList, { count: String(listed) }));
    if (matches === null) return say(phrases.noProfile);
    const { items, unmet } = matches;
    run.log.info(
      { agent: agent.key, retrieval: items.length > 0 ? 'hit' : 'miss', matches: items.length, unmet: unmet.length },
      'records matched',
    );
    if (items.length === 0 && listed !== null) return say(phrases.noMatches);
    if (items.length === 0 && wishes.except !== null) return say(phrases.noMore);
    if (items.length === 0) return say(nothingLike(unmet, catalog, phrases));
    const type = agent.settings['payload_type'];
    section.payload(typeof type === 'string' ? type : 'matches', items);
    status(run, 'generating', { agent: agent.key });
    await timed(run, 'generating', async () => {
      if (run.model === null) {
        say(
          listed === null
            ? summary(matches, catalog, phrases, { asked: wishes.count, more: wishes.except !== null })
            : particulars(items, fields, { catalog, phrases }),
        );
        return;
      }
      const { language, input_history: history } = task;
      await run.steps.writer.fromToolResults(
        { agent, question: task.intent.text, language, history, voice: run.voice, results: forModel(matches) },
        section,
        run.signal,
      );
    });
    return {};
  });
}

const matchingOnly = (agents: readonly AgentDefinition[]) => agents.filter(({ kind }) => kind === 'matching');

async function wishesOf({ agent, run, task }: Part<object>, catalog: RecordCatalog | null): Promise<ExtractedWishes> {
  if (catalog === null)
    return { ...NO_WISHES, elsewhere: false, except: null, pointed: NOTHING, text: task.intent.text };
  const others = matchingOnly(run.others);
  const request = { agent, others, text: task.intent.text, history: task.input_history, catalog };
  return run.steps.wishes.extract(request, run.signal);
}

function knowsNothing(profile: Profile, { order, pick, wishes }: ExtractedWishes, text: string): boolean {
  const nothingSaid = wishes.every(({ role }) => role === 'hint') && order === null && pick === null;
  return Object.keys(profile).length === 0 && nothingSaid && topicStems(text).length <= FEW_WORDS;
}

function match(
  matcher: Pick<MatchingService, 'match'>,
  { agent, run }: Part<object>,
  { base, profile, wishes }: { readonly base: string; readonly profile: Profile; readonly wishes: ExtractedWishes },
): Promise<Matches> {
  const { criteria, limit, weights } = agent.settings;
  const request = {
    knowledgeBaseId: base,
    profile,
    text: wishes.text,
    wishes,
    ...(wishes.except === null ? {} : { except: wishes.except }),
    ...(wishes.pointed.listed === null ? {} : { documentIds: wishes.pointed.documentIds }),
    weights: record(weights),
    ...(criteria === undefined ? {} : { criteria }),
    limit: typeof limit === 'number' ? limit : LIMIT,
    onFieldsOnly: () => run.notes.degrade(),
  };
  return matcher.match(run.ctx, request, run.signal, run.usage.metered('retrieve'));
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
