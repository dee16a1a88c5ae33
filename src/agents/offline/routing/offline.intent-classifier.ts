import { contentStems, topicStems } from '#platform/text';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { judging, isRecord, propertiesOf } from '../../catalog/tool-inputs.js';
import { type Classification, type ClassifyRequest, IntentClassifier } from '../../steps/intent-classifier.js';
import { lastAgentsOf } from '../../turn/awaiting.js';
import type { HistoryMessage } from '../../turn/turn.types.js';
import { findingsFor } from '../extraction/entity-rules.js';
import { leaningOf } from '../words/pointers.js';
import { goesOnWith } from './goes-on.js';
import {
  asksAboutService,
  asksOthersRecords,
  claimOfRecords,
  outweighsDocuments,
  type RecordsClaim,
} from './records-routing.js';
import { besideYesOrNo, saysNeverMind, saysYesOrNo, wantsPerson } from './requests.js';
import type { SimilarityIntentClassifier } from './similarity.intent-classifier.js';
import { smallTalkKind } from './small-talk.js';

/**
 * Without a model: what a message says as a whole (never mind, a person, small talk), then who alone could answer, then who
 * the conversation is with, then what it is most alike.
 */
export class OfflineIntentClassifier extends IntentClassifier {
  constructor(private readonly similarity: SimilarityIntentClassifier) {
    super();
  }

  override async classify(request: ClassifyRequest, signal: AbortSignal): Promise<Classification> {
    const { agents, awaiting, history, language, message, text } = request;
    const said = (reply: Classification['reply']): Classification => ({ intents: [], reply, language, how: 'phrase' });
    const goesTo = (agent: AgentDefinition, how: Classification['how']): Classification => {
      return { intents: [{ agent: agent.key, text }], reply: null, language, how };
    };
    if (awaiting.length > 0 && saysNeverMind(message)) return said({ kind: 'stopped' });
    if (wantsPerson(message)) return said({ kind: 'human_request' });
    const named = (keys: readonly string[]) => agents.find(({ key }) => keys.includes(key));
    // "Yes please" is small talk only where nothing was asked.
    const asking = saysYesOrNo(message) ? named(askedBy(request)) : undefined;
    if (asking !== undefined) return goesTo(asking, 'continued');
    // The first that was asked, as a yes is to that one.
    const [offer] = awaiting.filter(({ confirm }) => confirm === true);
    const offering = offer === undefined ? undefined : named([offer.agent]);
    if (offering !== undefined && takesUp(message)) return goesTo(offering, 'continued');
    const smallTalk = smallTalkKind(message);
    if (smallTalk !== null) return said({ kind: 'small_talk', smallTalk });

    const [only, ...others] = agents;
    if (only !== undefined && others.length === 0) return goesTo(only, 'single');
    // A bare "1043" says nothing of its own: it is for whoever answered last.
    if (topicStems(text).length === 0 && saysNoQuestion(text)) {
      const last = named(lastAgentsOf(pastSmallTalk(history)));
      if (last !== undefined && continues(last, text)) return goesTo(last, 'continued');
    }
    const claim = await claimOfRecords(request);
    if (claim?.goesOn === true) return goesTo(claim.agent, 'continued');
    const elsewhere = await asksOthersRecords(request);
    if (elsewhere !== null) return goesTo(elsewhere, 'similarity');
    // What the records have by name is theirs, whoever spoke last.
    const last = awaiting.length === 0 ? named(lastAgentsOf(pastSmallTalk(history))) : offering;
    const answered = claim === null ? last : undefined;
    if (answered !== undefined && (await goesOnWith(answered, request))) return goesTo(answered, 'continued');
    const result = await this.similarity.classify(request, signal);
    const documented = await fromDocuments(result, request);
    if (documented !== null) return goesTo(documented, 'similarity');
    if (claim !== null && (await outweighs(claim, result, request))) return goesTo(claim.agent, 'similarity');
    if (result.intents.length > 0) return result;
    // "And to Norway?" goes on with whoever answered last.
    const [open] = awaiting;
    const previous = named(open === undefined ? lastAgentsOf(history) : [open.agent]);
    if (previous !== undefined && (open !== undefined || continues(previous, text)))
      return goesTo(previous, 'continued');
    return result;
  }
}

/** Words of meaning: more of them say by themselves what they are about. */
const MOST_LEANING = 4;

/** The agents of the last answer, if it ended with a question. */
function askedBy({ awaiting, history }: ClassifyRequest): string[] {
  const [open] = awaiting;
  if (open !== undefined) return [open.agent];
  const last = history.findLast(({ role }) => role !== 'system');
  return last?.role === 'assistant' && /[?？]\s*$/.test(last.content) ? lastAgentsOf(history) : [];
}

/** "Yes, but only the first", "right, to my other address": neither a yes nor a no to an offer, and about nothing else. */
function takesUp(message: string): boolean {
  const rest = besideYesOrNo(message);
  if (rest === null || /[?？]\s*$/.test(message) || contentStems(rest).length > MOST_LEANING) return false;
  const { elliptical, leads, standsIn } = leaningOf(rest);
  return elliptical && (leads || standsIn);
}

/** "1043?", "what about 1043", and not "where is 1043?", which says what is wanted of it. */
function saysNoQuestion(text: string): boolean {
  const { elliptical, leads, standsIn } = leaningOf(text);
  return elliptical || leads || standsIn;
}

/** "Send it", "thanks", "and once more to Bob": what was said in passing takes nobody's place. */
function pastSmallTalk(history: readonly HistoryMessage[]): readonly HistoryMessage[] {
  const last = history.findLastIndex(({ role }) => role === 'assistant');
  if (history[last]?.metadata['intent'] !== 'chitchat') return history;
  return history.slice(0, last);
}

/** "How long?", "and for students?": hardly to be understood without what was said before. */
function leans(text: string): boolean {
  const words = contentStems(text).length;
  if (words > MOST_LEANING) return false;
  const { elliptical, leads, standsIn } = leaningOf(text);
  return leads || standsIn || (words <= 1 && text.includes('?')) || (elliptical && words <= 2 && text.includes('?'));
}

/** "Is it free to apply?" sounds like a search for something to apply for, and is answered by documents if by anything. */
async function fromDocuments({ intents }: Classification, request: ClassifyRequest): Promise<AgentDefinition | null> {
  const [only, ...several] = intents;
  const agent = request.agents.find(({ key }) => key === only?.agent);
  if (agent === undefined || several.length > 0 || !(await asksAboutService(agent, request))) return null;
  const found = await Promise.all(
    request.agents
      .filter(({ kind }) => kind === 'knowledge')
      .map(async (other) => ({ other, coverage: await request.coverage(other, request.text) })),
  );
  return found.sort((a, b) => b.coverage - a.coverage)[0]?.other ?? null;
}

/** Records that have what is asked for, against documents that speak of something like it, or against nobody. */
async function outweighs(
  claim: RecordsClaim,
  { intents }: Classification,
  { agents, coverage, text }: ClassifyRequest,
): Promise<boolean> {
  const named = intents.map(({ agent: key }) => agents.find((other) => other.key === key));
  if (named.includes(claim.agent)) return false;
  for (const other of named) {
    if (other?.kind !== 'knowledge') return false;
    if (!(await outweighsDocuments(claim, () => coverage(other, text)))) return false;
  }
  return true;
}

function continues(agent: AgentDefinition, text: string): boolean {
  if (leans(text)) return true;
  if (contentStems(text).length > MOST_LEANING) return false;
  const options = { today: new Date(), asked: false, alone: false, meter: judging() };
  return agent.tools.some((tool) =>
    propertiesOf(tool).some(
      (property) =>
        property.required &&
        isRecord(property.schema) &&
        findingsFor(property, text, options).some(({ strong }) => strong),
    ),
  );
}
