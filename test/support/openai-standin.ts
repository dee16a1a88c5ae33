/** The provider stand-in for tests: `const standIn = await OpenAiStandIn.start()`, `OPENAI_BASE_URL=standIn.url`. */
export { OpenAiStandIn } from './openai-standin-server.js';
export type {
  StandInBehaviour,
  StandInBody,
  StandInCall,
  StandInFault,
  StandInMatch,
  StandInNonce,
  StandInOptions,
  StandInRule,
} from './openai-standin-server.js';
