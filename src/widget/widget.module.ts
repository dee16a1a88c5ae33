import { AuthModule } from '#auth';
import { ConversationsModule } from '#conversations';
import { ExpiryModule } from '#platform/expiry';
import { EscalationsModule } from '#escalations';
import { TenantsModule } from '#tenants';
import { Module } from '@nestjs/common';
import { PublicWidgetController } from './sessions/public-widget.controller.js';
import { ServedWidgets } from './sessions/served-widget.js';
import { SessionLimits } from './sessions/session-limits.js';
import { VisitorEntrance } from './sessions/visitor-entrance.js';
import { VisitorExpiry } from './sessions/visitor.expiry.js';
import { VisitorRepository } from './sessions/visitor.repository.js';
import { VisitorSessionService } from './sessions/visitor-session.service.js';
import { WidgetRepository } from './widgets/widget.repository.js';
import { WidgetService } from './widgets/widget.service.js';
import { WidgetsController } from './widgets/widgets.controller.js';

@Module({
  imports: [AuthModule, ConversationsModule, EscalationsModule, ExpiryModule, TenantsModule],
  controllers: [WidgetsController, PublicWidgetController],
  providers: [
    WidgetRepository,
    WidgetService,
    ServedWidgets,
    SessionLimits,
    VisitorRepository,
    VisitorEntrance,
    VisitorSessionService,
    VisitorExpiry,
  ],
  exports: [WidgetService],
})
export class WidgetModule {}
