/**
 * Tools: what agents can do besides talking. The module owns which tools there are (registry), who may use them (policy),
 * how they are called (executor, HTTP), and the journal that makes an effect happen once.
 *
 *   agents ── ToolExecutor.execute(definition, args, context) ──▶ ToolResult
 *   rag, … ── ToolRegistry.registerBuiltin ──▶ built-in tools
 *
 * Results are untrusted plain JSON; failures are values.
 */
export {
  type JsonSchema,
  type ToolCallContext,
  type ToolCitation,
  type ToolDefinition,
  type ToolFailure,
  type ToolFailureCode,
  type ToolGrants,
  type ToolPayload,
  type ToolResult,
  type ToolRun,
  type ToolSuccess,
  toolFailure,
} from './tool.js';
export { builtinKeyOf, isEntitledToTool, mayUse, type ToolAudience, visibleTools } from './tool.policy.js';
export { type BuiltinTool, ToolRegistry } from './tool.registry.js';
export { ToolExecutor } from './tool.executor.js';
export { ToolsChanged } from './tool.events.js';
export type { NewTool } from './tool.repository.js';
export { ToolService } from './tool.service.js';
export { type CallStatus, type JournalledCall, type JournalState, ToolCallJournal } from './tool-call.journal.js';
export { ToolCallRepository } from './tool-call.repository.js';
export { HttpTool } from './http.tool.js';
export { type HttpToolConfig, parseHttpToolConfig } from './http-tool.config.js';
export { type ToolCallIdentity, toolIdempotencyKey } from './idempotency-key.js';
export { type ArgumentsResult, describeFaults, inputSchemaFault, validateArguments } from './tool-arguments.js';
export { WorkMeter } from './work-meter.js';
export { sanitizeToolData, sanitizeToolText } from './tool-text.js';
export { ToolsModule } from './tools.module.js';
