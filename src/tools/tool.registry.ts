import { Injectable } from '@nestjs/common';
import type { JsonSchema, ToolCallContext, ToolResult } from './tool.js';

/** A tool that lives in the program. Modules above register theirs; tenants get it by entitlement. */
export interface BuiltinTool {
  readonly key: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly readOnly: boolean;
  readonly idempotent?: boolean;
  /** Milliseconds; 30 s unless told. */
  readonly timeoutMs?: number;
  /**
   * @param args valid against the schema
   * @param context its `signal` also ends with the tool's own time limit
   * @param config the definition's `config`
   */
  execute(
    args: Readonly<Record<string, unknown>>,
    context: ToolCallContext,
    config: Readonly<Record<string, unknown>>,
  ): Promise<ToolResult>;
}

@Injectable()
export class ToolRegistry {
  private readonly builtins = new Map<string, BuiltinTool>();

  /** @throws Error when the key is taken: two modules would silently replace each other */
  registerBuiltin(tool: BuiltinTool): void {
    if (this.builtins.has(tool.key)) throw new Error(`The built-in tool "${tool.key}" is registered already`);
    this.builtins.set(tool.key, tool);
  }

  findBuiltin(key: string): BuiltinTool | undefined {
    return this.builtins.get(key);
  }

  /** In the order of registration. */
  listBuiltins(): readonly BuiltinTool[] {
    return [...this.builtins.values()];
  }
}
