import { agent, fakeRuntime, runTurn, ScriptedModel } from '../../../../test/support/agent-fakes.js';
import type { MatchRequest } from '#rag';

const PROFILE = { skills: ['TypeScript'] };
const JOBS = agent('job_matches', {
  kind: 'matching',
  settings: { knowledge_base_id: 'kb', payload_type: 'jobs', limit: 2 },
});
const ITEMS = [
  {
    id: '1',
    document_id: 'd1',
    title: 'Backend *Developer*',
    score: 0.912,
    reasons: ['4 of 5 skills', 'same town'],
    company: 'Tallboy',
    location: 'Barcelona',
  },
  { id: '2', document_id: 'd2', title: 'Tester', score: 0.5, reasons: [] },
];

it('answers with text and a payload of matches with scores and reasons', async () => {
  const turn = await runTurn(
    fakeRuntime({ agents: [JOBS], profile: PROFILE, match: () => ITEMS }),
    'Which jobs suit me?',
  );
  expect(turn.answer.payloads).toEqual([{ payload_type: 'jobs', items: ITEMS, offset: 0 }]);
  expect(turn.answer.content).toBe(
    'Here are the 2 best matches:\n\n1. **Backend \\*Developer\\***, Tallboy, Barcelona (91 %): 4 of 5 skills; same town\n2. **Tester** (50 %)',
  );
  expect(turn.answer.intent).toBe('job_matches');
});

it('lays what the message says over the profile', async () => {
  const asked: MatchRequest[] = [];
  const runtime = fakeRuntime({
    agents: [JOBS],
    profile: { skills: ['TypeScript'], location: 'Madrid', country: 'Spain', remote: 'hybrid', desired_salary: 50_000 },
    match: (request) => {
      asked.push(request);
      return ITEMS;
    },
  });
  await runTurn(runtime, 'Are there remote jobs in Berlin with React over 60k?');
  expect(asked[0]).toMatchObject({
    knowledgeBaseId: 'kb',
    limit: 2,
    profile: { skills: ['React', 'TypeScript'], location: 'Berlin', remote: 'remote', desired_salary: 60_000 },
  });
  expect(asked[0]?.profile).not.toHaveProperty('country');
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
  const runtime = fakeRuntime({ agents: [JOBS], match: () => ITEMS });
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
  expect(asked[0]).toMatchObject({ criteria, profile: { skills: ['React'] } });
});
