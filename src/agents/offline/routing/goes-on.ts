import { isStopWord, topicStems, wordsOf } from '#platform/text';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import type { ClassifyRequest } from '../../steps/intent-classifier.js';
import { leaningOf } from '../words/pointers.js';
import { type AgentScore, AgentScorer } from './agent-scores.js';
import { likeness, oftenNamed, stemsOf } from './example-likeness.js';

/** A message of more words of meaning says by itself whom it is for. */
const MOST_WORDS = 4;
/** By the calibration an agent's own examples stand at 4 on the average. */
const BEYOND_DOUBT = 6;
/** So many words of meaning that an agent has, or an example as near as this, are no accident. */
const WORDS_BEYOND_DOUBT = 2;
const LIKE_AN_EXAMPLE = 0.65;

/**
 * Whether a short message goes on with the agent that answered last, though its words alone are nearer to another:
 *
 *   "and by post?", "auf Rechnung?"       is a circumstance of what was said, whatever else has the word
 *   "send it again", "cancel that"        points at what the agent has just done
 *   "I did not get the mail"              tells how it went with what the documents said
 *   "et 1043 ?"                           says nothing but a value that the agent takes
 *
 * A value that only another agent takes, or a wish that is one of another's examples, is for that one.
 */
export async function goesOnWith(last: AgentDefinition, { agents, text }: ClassifyRequest): Promise<boolean> {
  const stems = topicStems(text);
  if (stems.length > MOST_WORDS) return false;
  const scorer = await AgentScorer.of(agents);
  const scores = scorer.score(text, null);
  const own = scores.find(({ agent }) => agent.key === last.key);
  const rival = scores.find(({ agent }) => agent.key !== last.key);
  if (own === undefined || rival === undefined) return false;
  if (rival.holds && !own.holds) return false;
  const leaning = leaningOf(text);
  if (leaning.circumstance) return leaning.leads || text.includes('?');
  if (own.holds && !scorer.knowsAnyWord(text)) return leaning.elliptical;
  if (last.kind === 'knowledge') {
    return (
      leaning.elliptical && !leaning.leads && tells(text) && rival.agent.kind !== 'knowledge' && doubtful(rival, stems)
    );
  }
  if (!leaning.elliptical || !(leaning.standsIn || leaning.repeats)) return false;
  if (own.standing >= rival.standing || leaning.repeats) return !beyondDoubt(rival, stems);
  return makesSomething(last) && !beyondDoubt(rival, stems);
}

/** "I did not get it", not "cancel my booking": wishes begin with what is to be done. */
function tells(text: string): boolean {
  const [first = ''] = wordsOf(text.toLowerCase());
  return isStopWord(first);
}

/** Near to the other agent by a word that its examples have once, as documents have it too. */
function doubtful({ agent, standing }: AgentScore, stems: readonly string[]): boolean {
  if (standing < 1) return false;
  const asked = new Set(stems);
  const named = oftenNamed(agent);
  return (
    !stems.some((stem) => named.has(stem)) && !stemsOf(agent).some((one) => likeness(asked, one) >= LIKE_AN_EXAMPLE)
  );
}

function beyondDoubt({ agent, standing }: AgentScore, stems: readonly string[]): boolean {
  if (standing < BEYOND_DOUBT) return false;
  return stemsOf(agent).some((example) => stems.filter((stem) => example.has(stem)).length >= WORDS_BEYOND_DOUBT);
}

/** Has done something that a pronoun can point at, other than having looked something up. */
function makesSomething({ kind, tools }: AgentDefinition): boolean {
  return kind === 'writer' || (kind === 'domain' && tools.some(({ readOnly }) => !readOnly));
}
