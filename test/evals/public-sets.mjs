import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Cases of each intent that are asked: 150 intents are 450 questions. */
const CASES_PER_INTENT = 3;
const OUT_OF_SCOPE = 200;
const COLLECTIONS = [
  ['product-docs', 'en'],
  ['xquad-en', 'en'],
  ['xquad-es', 'es'],
  ['scifact', 'en'],
];

/** Of these, questions that people wrote and what answers them; of each as many with the answer as without. */
const QUESTIONS = ['xquad-en', 'xquad-es'];
const ASKED_OF_EACH = 60;

/** Public collections beside the project, as sets; those that are not there are left out. */
export function publicSets(folder) {
  const collections = COLLECTIONS.flatMap(([name, language]) => collection(folder, name, language));
  const questions = collections.filter(({ name }) => QUESTIONS.includes(name));
  return [...clinc150(folder), ...questions.map(withHalfOfItsDocuments), ...collections];
}

/**
 * Answerable or not: the base holds every second document, so half of the questions are about what it tells, and the others
 * about its neighbours, which share its subject and its words.
 */
function withHalfOfItsDocuments({ documents, language, name, queries }) {
  const key = `${name}-half`;
  const kept = new Map(documents.filter((_, index) => index % 2 === 0).map((one) => [one.id, one]));
  const title = ({ id, title: own }) => `${id} ${own}`.trim();
  const cases = queries.map(({ relevant, text }) => {
    const [answering] = Object.keys(relevant);
    return {
      domain: key,
      question: text,
      document: kept.has(answering) ? title(kept.get(answering)) : null,
      phrase: '',
    };
  });
  const spread = (list) => list.filter((_, index) => index % Math.floor(list.length / ASKED_OF_EACH) === 0);
  return {
    name: `${name}, half of its documents`,
    kind: 'answers',
    domains: [
      { key, name, language, documents: [...kept.values()].map((one) => ({ title: title(one), text: one.text })) },
    ],
    cases: [true, false].flatMap((answered) =>
      spread(cases.filter(({ document }) => (document !== null) === answered)).slice(0, ASKED_OF_EACH),
    ),
  };
}

/** 150 agents of 10 examples each. */
function clinc150(folder) {
  const examples = lines(join(folder, 'clinc150', 'train_10.jsonl'));
  const test = lines(join(folder, 'clinc150', 'test.jsonl'));
  if (examples === null || test === null) return [];
  const agents = groups(examples.filter(({ intent }) => intent !== 'oos'));
  const asked = groups(test);
  return [
    {
      name: 'clinc150',
      kind: 'routing',
      agents: [...agents].map(([intent, texts]) => ({
        key: intent,
        name: intent.replaceAll('_', ' '),
        examples: texts,
      })),
      cases: [...asked].flatMap(([intent, texts]) =>
        texts
          .slice(0, intent === 'oos' ? OUT_OF_SCOPE : CASES_PER_INTENT)
          .map((message) => ({ message, agent: intent === 'oos' ? null : intent })),
      ),
    },
  ];
}

function collection(folder, name, language) {
  const corpus = lines(join(folder, name, 'corpus.jsonl'));
  const queries = lines(join(folder, name, 'queries.jsonl'));
  if (corpus === null || queries === null) return [];
  const relevant = new Map();
  for (const line of readFileSync(join(folder, name, 'qrels.tsv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)) {
    const [query, document, score] = line.split('\t');
    relevant.set(query, { ...relevant.get(query), [document]: Number(score) });
  }
  return [
    {
      name,
      kind: 'retrieval',
      language,
      documents: corpus.map(({ _id: id, text, title = '' }) => ({ id, title, text })),
      queries: queries
        .filter(({ _id }) => relevant.has(_id))
        .map(({ _id, text }) => ({ text, relevant: relevant.get(_id) })),
    },
  ];
}

function groups(rows) {
  const found = new Map();
  for (const { intent, text } of rows) found.set(intent, [...(found.get(intent) ?? []), text]);
  return found;
}

/** null: it is not there. */
function lines(path) {
  if (!existsSync(path)) return null;
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
