import { agent, CTX, fakeRuntime, runTurn, ScriptedModel } from '../../../../test/support/agent-fakes.js';
import type { MatchItem, MatchRequest } from '#rag';

const PROFILE = { skills: ['TypeScript'] };
const JOBS = agent('job_matches', {
  kind: 'matching',
  settings: { knowledge_base_id: 'kb', payload_type: 'jobs', limit: 2 },
});
const ITEMS: MatchItem[] = [
  {
    id: '1',
    document_id: 'd1',
    title: 'Backend *Developer*',
    score: 0.912,
    reasons: ['4 of 5 skills', 'same town'],
    fits: true,
    company: 'Tallboy',
    location: 'Barcelona',
  },
  { id: '2', document_id: 'd2', title: 'Tester', score: 0.5, reasons: [], fits: true },
];
/** What the vocabulary is made from. */
const RECORDS = [
  {
    title: 'Backend Developer',
    company: 'Tallboy',
    location: 'Barcelona',
    skills: ['TypeScript', 'React'],
    pay: 50_000,
  },
  { title: 'Tester', company: 'Kestrel', location: 'Berlin', skills: ['Playwright'], pay: 40_000 },
  { title: 'Nurse', company: 'St. Anne', location: 'Berlin', skills: ['Triage'], pay: 42_000 },
];

it('answers with text and a payload of matches with scores and reasons', async () => {
  const turn = await runTurn(
    fakeRuntime({ agents: [JOBS], profile: PROFILE, records: RECORDS, match: () => ITEMS }),
    'Which jobs suit me?',
  );
  expect(turn.answer.payloads).toEqual([{ payload_type: 'jobs', items: ITEMS, offset: 0 }]);
  expect(turn.answer.content).toBe(
    'Here are the 2 best matches:\n\n1. **Backend \\*Developer\\***, Tallboy, Barcelona (91 %): 4 of 5 skills; same town\n2. **Tester** (50 %)',
  );
  expect(turn.answer.intent).toBe('job_matches');
});

it('hands what the message asks for to the matcher, beside the profile', async () => {
  const asked: MatchRequest[] = [];
  const profile = { skills: ['TypeScript'], location: 'Madrid' };
  const runtime = fakeRuntime({
    agents: [JOBS],
    profile,
    records: RECORDS,
    match: (request) => {
      asked.push(request);
      return ITEMS;
    },
  });
  await runTurn(runtime, 'Are there jobs in Berlin with React that pay over 45k?');
  expect(asked[0]).toMatchObject({ knowledgeBaseId: 'kb', limit: 2, profile });
  expect(asked[0]?.wishes?.wishes.flatMap(({ anyOf }) => anyOf)).toEqual([
    { kind: 'range', field: 'pay', gte: 45_000 },
    { kind: 'values', field: 'location', values: ['Berlin'] },
    { kind: 'values', field: 'skills', values: ['React'] },
  ]);
});

it('says what is missing when nothing has it all, and shows the nearest as such', async () => {
  const nearest = [{ id: '3', document_id: 'd3', title: 'Nurse', score: 0.6, reasons: [], fits: false }];
  const runtime = fakeRuntime({
    agents: [JOBS],
    profile: PROFILE,
    records: RECORDS,
    match: () => ({ items: nearest, unmet: ['munich'] }),
  });
  const turn = await runTurn(runtime, 'as a nurse in munich');
  expect(turn.answer.content).toContain('“munich” is missing');
  expect(turn.answer.content).toContain('**Nurse**');
  expect(turn.answer.payloads[0]?.items).toEqual(nearest);
});

it('refuses what nothing resembles, and says what there is', async () => {
  const runtime = fakeRuntime({
    agents: [JOBS],
    profile: PROFILE,
    records: RECORDS,
    match: () => ({ items: [], unmet: ['astronaut'] }),
  });
  const turn = await runTurn(runtime, 'as an astronaut');
  expect(turn.answer.payloads).toEqual([]);
  expect(turn.answer.content).toBe(
    'I found nothing like “astronaut” here. There is, for example: Backend Developer, Tester, Nurse.',
  );
});

it('tells whoever asks for another persona’s records what can be asked here', async () => {
  const own = { ...JOBS, personas: ['seeker'], examples: ['Which jobs suit me?', 'Find vacancies for my skills'] };
  const others = agent('candidates', {
    kind: 'matching',
    personas: ['employer'],
    settings: { knowledge_base_id: 'kb2' },
    examples: ['Find candidates for my vacancy', 'Show me people who know SQL'],
  });
  const runtime = fakeRuntime({
    agents: [own, others],
    profile: PROFILE,
    records: RECORDS,
    match: () => ITEMS,
  });
  const ctx = { ...CTX, principal: { ...CTX.principal, persona: 'seeker' } };
  const turn = await runTurn(runtime, 'Show me candidates in Berlin', { ctx });
  expect(turn.answer.payloads).toEqual([]);
  expect(turn.answer.content).toContain('- Which jobs suit me?');
  expect((await runTurn(runtime, 'Show me jobs in Berlin', { ctx })).answer.payloads).toHaveLength(1);
});

it('takes a model’s conditions only when the records know them, and does without a model whose answer is none', async () => {
  const asked: MatchRequest[] = [];
  const answer = {
    conditions: [
      { field: 'location', test: 'is_not', values: ['berlin'], said: 'not in Berlin' },
      { field: 'pay', test: 'at_least', values: ['45000'], said: 'over 45k' },
    ],
    sought_elsewhere: ['astronaut'],
    count: 2,
    order_by: 'pay',
    descending: true,
    place_on_list: null,
    not_ours: false,
  };
  const match = (request: MatchRequest) => {
    asked.push(request);
    return ITEMS;
  };
  const ask = (extract: object) => {
    const model = new ScriptedModel({ structured: { extract }, stream: { answer: 'Well.' } });
    const runtime = fakeRuntime({ agents: [JOBS], profile: PROFILE, records: RECORDS, match, model });
    return runTurn(runtime, 'jobs in Barcelona');
  };
  await ask(answer);
  expect(asked[0]?.wishes).toMatchObject({ count: 2, order: { field: 'pay', descending: true } });
  expect(asked[0]?.wishes?.wishes).toEqual([
    {
      said: 'not in Berlin',
      role: 'attribute',
      not: true,
      anyOf: [{ kind: 'values', field: 'location', values: ['Berlin'] }],
    },
    { said: 'over 45k', role: 'attribute', not: false, anyOf: [{ kind: 'range', field: 'pay', gte: 45_000 }] },
    { said: 'astronaut', role: 'topic', not: false, anyOf: [] },
  ]);
  // A condition that says nothing of its field is none.
  await ask({ ...answer, conditions: [{ field: 'pay', test: 'is', values: ['plenty'], said: 'plenty' }] });
  expect(asked[1]?.wishes?.wishes).toMatchObject([{ said: 'Barcelona' }]);
});

it('says when nothing fits', async () => {
  const turn = await runTurn(fakeRuntime({ agents: [JOBS], profile: PROFILE, match: () => [] }), 'Which jobs suit me?');
  expect(turn.answer.payloads).toEqual([]);
  expect(turn.answer.content).toContain('found nothing');
});

it('lets the model write about the matches, beside the payload', async () => {
  const model = new ScriptedModel({ stream: { answer: 'A good week for you.' } });
  const turn = await runTurn(
    fakeRuntime({ agents: [JOBS], profile: PROFILE, match: () => ITEMS, model }),
    'Which jobs suit me?',
  );
  expect(turn.answer.content).toBe('A good week for you.');
  expect(turn.answer.payloads).toHaveLength(1);
  expect(model.requests[0]?.messages.at(-1)?.content).toContain('Tallboy');
});

it('asks for details when it knows nothing about the caller', async () => {
  const runtime = fakeRuntime({ agents: [JOBS], records: RECORDS, match: () => ITEMS });
  expect((await runTurn(runtime, 'Which jobs suit me?')).answer.content).toContain('Tell me a few details');
  expect((await runTurn(runtime, 'Which jobs in Berlin suit me?')).answer.payloads).toHaveLength(1);
});

it('matches by the criteria of the agent', async () => {
  const asked: MatchRequest[] = [];
  const criteria = [
    {
      kind: 'overlap',
      weight: 1,
      label: 'Skills',
      profileField: 'skills',
      recordField: 'skills',
      demanding: 'profile',
    },
  ];
  const runtime = fakeRuntime({
    agents: [{ ...JOBS, settings: { ...JOBS.settings, criteria } }],
    profile: PROFILE,
    match: (request) => {
      asked.push(request);
      return ITEMS;
    },
  });
  await runTurn(runtime, 'Show me people with React');
  expect(asked[0]).toMatchObject({ criteria, profile: PROFILE });
});

it.each([
  ['Jobs in Lisbon', 'Nothing fits all of that: “Lisbon” is missing.'],
  ['Remote jobs in Lisbon', 'Nothing fits all of that: “remote” and “Lisbon” are missing.'],
  ['Welche Stellen gibt es in Lissabon mit Homeoffice?', '“remote” und “Lisbon” fehlen.'],
  ['¿Qué trabajos hay en Lisboa?', 'faltan “remote” y “Lisbon”.'],
])('says of one thing that it is missing, and of two that they are: “%s”', async (message, opening) => {
  const unmet = opening.includes('remote') ? ['remote', 'Lisbon'] : ['Lisbon'];
  const match = () => ({ items: ITEMS.map((item) => ({ ...item, fits: false })), unmet });
  const turn = await runTurn(fakeRuntime({ agents: [JOBS], profile: PROFILE, records: RECORDS, match }), message);
  expect(turn.answer.content).toContain(opening);
});

it('says that one alone fits where three were asked for', async () => {
  const match = () => ({ items: ITEMS.map((item, at) => ({ ...item, fits: at === 0 })), unmet: [] });
  const runtime = fakeRuntime({ agents: [JOBS], profile: PROFILE, records: RECORDS, match });
  const turn = await runTurn(runtime, '3 jobs in Barcelona with TypeScript');
  expect(turn.answer.content).toContain('You asked for 3, and only one fits all of that. The rest come nearest to it:');
});

describe('after a list', () => {
  const history = [
    { role: 'user' as const, content: 'Which jobs suit me?', metadata: {} },
    {
      role: 'assistant' as const,
      content: 'Here.',
      metadata: { agents: ['job_matches'], shown: ['d1', 'd2'], language: 'en' },
    },
  ];
  const TESTER = { ...ITEMS[1], pay: 40_000, remote: true, skills: ['Playwright', 'C++'] } as MatchItem;
  const after = async (text: string, match: (request: MatchRequest) => MatchItem[]) => {
    const help = agent('help', { kind: 'knowledge', examples: ['How do I apply?', 'What does the portal cost?'] });
    const runtime = fakeRuntime({
      agents: [JOBS, help],
      profile: PROFILE,
      records: RECORDS.map((record) => ({ ...record, remote: true })),
      match,
      search: () => ({ passages: [], degraded: false }),
    });
    return (await runTurn(runtime, text, { history })).answer;
  };

  it('answers about one of it from that record, and hands over that record', async () => {
    const asked: MatchRequest[] = [];
    const answer = await after('the second one, what does it pay?', (request) => {
      asked.push(request);
      return [TESTER];
    });
    expect(asked[0]?.documentIds).toEqual(['d2']);
    expect(answer.content).toBe('**Tester**\n\n- Pay: 40,000');
    expect(answer.payloads).toEqual([{ payload_type: 'jobs', items: [TESTER], offset: 0 }]);
    expect((await after('tell me more about number 2', () => [TESTER])).content).toBe(
      '**Tester**\n\n- Skills: Playwright, C++\n- Pay: 40,000\n- Remote: yes',
    );
    expect((await after('the seventh one', () => [])).content).toBe('There are only 2 on the list that I showed.');
  });

  it('shows others without those, and says when there are no more', async () => {
    const asked: MatchRequest[] = [];
    const answer = await after('show me some others', (request) => {
      asked.push(request);
      return asked.length === 1 ? [TESTER] : [];
    });
    expect(asked[0]).toMatchObject({ except: ['d1', 'd2'], text: 'Which jobs suit me?' });
    expect(answer.content).toContain('Here are some more:');
    expect((await after('any more?', () => [])).content).toContain('That was all that fits');
  });

  it('leaves what is no question about it to the documents', async () => {
    expect((await after('how do I apply?', () => [TESTER])).agents).toEqual(['help']);
  });
});
