import { LlmModule } from '#llm';
import { ExpiryModule } from '#platform/expiry';
import { TenantsModule } from '#tenants';
import { Global, Module } from '@nestjs/common';
import { ToolAdminService } from './admin/tool-admin.service.js';
import { ToolsController } from './admin/tools.controller.js';
import { HttpTool } from './http.tool.js';
import { ToolCallExpiry } from './tool-call.expiry.js';
import { ToolCallJournal } from './tool-call.journal.js';
import { ToolCallRepository } from './tool-call.repository.js';
import { ToolExecutor } from './tool.executor.js';
import { ToolRegistry } from './tool.registry.js';
import { ToolRepository } from './tool.repository.js';
import { ToolService } from './tool.service.js';

/** Global, since modules above register their built-in tools with it. */
@Global()
@Module({
  imports: [ExpiryModule, TenantsModule, LlmModule],
  controllers: [ToolsController],
  providers: [
    ToolRegistry,
    ToolAdminService,
    HttpTool,
    ToolExecutor,
    ToolRepository,
    ToolService,
    ToolCallExpiry,
    { provide: ToolCallJournal, useClass: ToolCallRepository },
  ],
  exports: [ToolRegistry, HttpTool, ToolExecutor, ToolService],
})
export class ToolsModule {}
