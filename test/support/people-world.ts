import { UnitOfWork } from '#platform/database';
import { AuditService } from '#tenants';
import { EscalationRequests } from '../../src/escalations/lifecycle/escalation-requests.js';
import { EscalationService } from '../../src/escalations/lifecycle/escalation.service.js';
import { PeopleBehindConversations } from '../../src/escalations/lifecycle/people-behind.js';
import { Replies } from '../../src/escalations/lifecycle/replies.js';
import { OpeningHours } from '../../src/escalations/queue/opening-hours.js';
import { QueueNews } from '../../src/escalations/queue/queue-news.js';
import { RulesRepository } from '../../src/escalations/rules/rules.repository.js';
import { RulesService } from '../../src/escalations/rules/rules.service.js';
import { EscalationRepository } from '../../src/escalations/store/escalation.repository.js';
import { PresenceRepository } from '../../src/escalations/store/presence.repository.js';
import { conversationWorld } from './conversation-world.js';

/** One server's conversations and the people behind them, with a scripted graph. */
export function peopleWorld(uow: UnitOfWork, options: Parameters<typeof conversationWorld>[1]) {
  const world = conversationWorld(uow, options);
  const rows = new EscalationRepository();
  const presence = new PresenceRepository();
  const hours = { areOpen: async () => true } as unknown as OpeningHours;
  const news = new QueueNews(world.events, world.handoverNews);
  const requests = new EscalationRequests(
    uow,
    world.handover,
    world.handoverNews,
    rows,
    presence,
    hours,
    news,
    new AuditService(uow),
  );
  const escalations = new EscalationService(
    uow,
    world.handover,
    world.handoverNews,
    rows,
    presence,
    new AuditService(uow),
    news,
  );
  const replies = new Replies(uow, world.handover, world.handoverNews, rows);
  const rules = new RulesService(uow, new RulesRepository(), new AuditService(uow), world.events);
  const people = new PeopleBehindConversations(
    uow,
    world.people,
    rows,
    presence,
    requests,
    escalations,
    rules,
    hours,
    news,
  );
  news.onModuleInit();
  people.onModuleInit();
  return { ...world, escalations, replies, requests };
}
