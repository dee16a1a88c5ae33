/**
 * People who take over. A conversation calls for a person; somebody takes it, answers, and gives it back.
 *
 *   user, staff ── escalate ──▶ lifecycle/EscalationRequests ──┐
 *   an answer ── consider ──▶ PeopleBehindConversations ───────┴─▶ a row that waits (in the answer's own commit)
 *                                                                      │ accept, assign
 *   supporter ── accept, reply, return, … ──▶ EscalationService, Replies ──▶ `conversations` HandoverService: owner, epoch, words
 *                                                                      │ after the commit
 *             EscalationChanged (ids, to every instance) ──▶ queue/QueueFeed: supporters' sockets
 *                                                        └─▶ `conversations` PartyNews: those who wait, and their places
 *
 *   model/  what an escalation is, hours, presence, estimates (pure)      store/  rows and their SQL
 *   rules/  when a person is called, per tenant; what they would have done  queue/  who is there, who waits, who is told
 *   lifecycle/  how it comes to be, its steps, what people say            keeping/  what time brings: assignment, long waits
 *   desk/  notes, canned replies, suggestions, ratings                     rest/  the user's wish, the desk, the admins' list
 *
 * Folders import to the right: rest, keeping, desk ─▶ lifecycle ─▶ queue, rules ─▶ store ─▶ model. `conversations` stands below and knows
 * nothing of this module: it offers the hand-over, and asks what was registered with it.
 */
export { EscalationsModule } from './escalations.module.js';
export { DeskService } from './desk/desk.service.js';
export { escalationRules } from './rules/rules.schema.js';
export { RulesService } from './rules/rules.service.js';
export { EscalationRequests } from './lifecycle/escalation-requests.js';
export { Replies } from './lifecycle/replies.js';
export { PeopleThere } from './queue/people-there.js';
export { QueueFeed } from './queue/queue-feed.js';
export { stateFor } from './queue/escalation.view.js';
export { EscalationReader } from './rest/escalation-reader.js';
export { EscalationChanged } from './model/escalation.events.js';
export { reasonSchema } from './rest/escalation.dto.js';
