import { inTurns } from './eval-server.mjs';

/** A share of cases. */
const part = (hits) => ({ count: hits.filter(Boolean).length, of: hits.length });
const titles = (message) => (message.metadata.citations ?? []).map(({ title }) => title);
/** In the answer, or in a passage that it quotes. */
const says = ({ content, metadata }, phrase) =>
  phrase === undefined ||
  [content, ...(metadata.citations ?? []).map(({ quote }) => quote)].some((text) =>
    plain(text).includes(plain(phrase)),
  );
const plain = (text) =>
  text
    .replace(/[*_`|#>\\]/g, ' ')
    .replace(/\s+/g, ' ')
    .toLowerCase()
    .trim();

async function tenantsOf(server, domains) {
  const made = new Map();
  for (const domain of domains) made.set(domain.key, await server.tenant(domain));
  return made;
}

/** Asked alone: what is cited and said. */
async function askAlone(server, tenant, question) {
  return (await server.ask(tenant.slug, await tenant.token(), question)).message;
}

async function answers(server, { cases, domains }) {
  const tenants = await tenantsOf(server, domains);
  const wrong = [];
  const judged = await inTurns(cases, async ({ document, domain, phrase, question }) => {
    const message = await askAlone(server, tenants.get(domain), question);
    const cited = titles(message);
    const refused = cited.length === 0;
    const right = document === null ? refused : cited.includes(document);
    const said = document === null || says(message, phrase);
    if (!right) wrong.push(`[${domain}] ${question} → ${cited.join(', ') || 'refused'}, not ${document ?? 'refused'}`);
    return { document, first: cited[0] === document, refused, right, said };
  });
  const answerable = judged.filter(({ document }) => document !== null);
  return {
    figures: {
      'unanswerable refused': part(judged.filter(({ document }) => document === null).map(({ right }) => right)),
      'answerable answered': part(answerable.map(({ refused }) => !refused)),
      'answerable cites the right document': part(answerable.map(({ right }) => right)),
      'answerable cites it first': part(answerable.map(({ first }) => first)),
      'answerable says the phrase': part(answerable.map(({ said }) => said)),
    },
    wrong,
  };
}

async function followUps(server, { cases, domains, stand_alone: alone }) {
  const tenants = await tenantsOf(server, domains);
  const wrong = [];
  const inConversation = async ({ domain, first, then }) => {
    const tenant = tenants.get(domain);
    const { conversation_id: id } = await server.ask(tenant.slug, await tenant.token(), first);
    return (await server.ask(tenant.slug, await tenant.token(), then, id)).message;
  };
  const repaired = await inTurns(cases, async (one) => {
    const message = await inConversation(one);
    const cited = titles(message);
    const right = cited[0] === one.document && says(message, one.phrase);
    if (!right)
      wrong.push(`[${one.domain}] ${one.first} / ${one.then} → ${cited.join(', ') || 'refused'}, not ${one.document}`);
    return right;
  });
  const changed = await inTurns(alone, async (one) => {
    const tenant = tenants.get(one.domain);
    const [within, apart] = [await inConversation(one), await askAlone(server, tenant, one.then)];
    const differs = titles(within).join() !== titles(apart).join();
    if (differs) wrong.push(`[${one.domain}] changed by “${one.first}”: ${one.then} → ${titles(within).join(', ')}`);
    return differs;
  });
  return { figures: { 'follow-ups repaired': part(repaired), 'stand-alone questions changed': part(changed) }, wrong };
}

async function matching(server, { bases, cases, tenant }) {
  const made = new Map();
  for (const [key, base] of Object.entries(bases ?? {})) made.set(key, await server.tenantOfRecords({ key, ...base }));
  if (bases === undefined) await server.demoRead(`admin@${tenant}.test`);
  const asking = async ({ base, user }) =>
    bases === undefined
      ? { slug: tenant, token: await server.token(user) }
      : { slug: made.get(base).slug, token: await made.get(base).token() };
  const wrong = [];
  const judged = await inTurns(
    cases,
    async ({ count, first = [], history = [], message, nearest, none = false, not = [], only, ...who }) => {
      const { slug, token } = await asking(who);
      let conversation;
      for (const earlier of history)
        ({ conversation_id: conversation } = await server.ask(slug, token, earlier, conversation));
      const answer = await server.ask(slug, token, message, conversation);
      const items = (answer.payloads ?? []).flatMap((payload) => payload.items);
      // What lacks something is said to, and is offered as the nearest and not as a match.
      const ids = items.filter(({ fits }) => fits !== false).map(({ id }) => id);
      const near = items.find(({ fits }) => fits === false)?.id;
      const rightNearest = near === undefined || nearest === undefined || nearest.includes(near);
      const firstRight = none ? ids.length === 0 && rightNearest : first.includes(ids[0]);
      const clean =
        ids.every((id) => !not.includes(id)) &&
        (only === undefined || ids.every((id) => only.includes(id))) &&
        (count === undefined || ids.length <= count);
      if (!firstRight || !clean)
        wrong.push(
          `${history.map((line) => `${line} / `).join('')}${message} → ${ids.join(' ') || near || answer.message?.content.slice(0, 80)}, not ${none ? 'nothing' : first.slice(0, 4).join(' ')}`,
        );
      return { firstRight, clean };
    },
  );
  return {
    figures: {
      'right first item or right refusal': part(judged.map(({ firstRight }) => firstRight)),
      'and nothing that was not asked for': part(judged.map(({ clean, firstRight }) => clean && firstRight)),
    },
    wrong,
  };
}

async function routing(server, { agents, cases, name }) {
  const tenant = await server.tenant({ key: name, agents });
  const wrong = [];
  const judged = await inTurns(cases, async ({ agent, message }) => {
    const { metadata } = await askAlone(server, tenant, message);
    const keys = metadata.intents.map((intent) => intent.agent);
    const right = agent === null ? keys.length === 0 : keys.length === 1 && keys[0] === agent;
    if (!right) wrong.push(`${message} → ${keys.join(' + ') || metadata.intent}, not ${agent ?? 'none'}`);
    return { agent, right, split: keys.length > 1 };
  });
  return {
    figures: {
      'in scope to the right agent': part(judged.filter(({ agent }) => agent !== null).map(({ right }) => right)),
      'out of scope declined': part(judged.filter(({ agent }) => agent === null).map(({ right }) => right)),
      'single requests split': part(judged.map(({ split }) => split)),
    },
    wrong,
  };
}

async function retrieval(server, { documents, language, name, queries }) {
  const titled = documents.map(({ id, text, title }) => ({ title: `${id} ${title}`.trim().slice(0, 300), text }));
  const tenant = await server.tenant({ key: name, documents: titled, language });
  const gains = await inTurns(queries, async ({ relevant, text }) => {
    const path = `/api/admin/knowledge-bases/${tenant.base}/search`;
    const { data } = await server.post(path, { query: text, top_k: 50 }, await tenant.token());
    const ranked = [...new Set(data.map(({ title }) => title.split(' ')[0]))].slice(0, 10);
    return (
      dcg(ranked.map((id) => relevant[id] ?? 0)) /
      dcg(
        Object.values(relevant)
          .sort((a, b) => b - a)
          .slice(0, 10),
      )
    );
  });
  return { figures: { 'nDCG@10': { value: gains.reduce((sum, gain) => sum + gain, 0) / gains.length } }, wrong: [] };
}

function dcg(grades) {
  return grades.reduce((sum, grade, place) => sum + grade / Math.log2(place + 2), 0);
}

/** One a kind of set: (server, set) → figures, and what went wrong in words. */
export const scorers = { answers, follow_ups: followUps, matching, routing, retrieval };
