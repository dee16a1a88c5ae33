import { widgetResponse } from '../widgets/widget.dto.js';
import { atMost } from '#platform/text';
import { z } from 'zod';
import type { Widget } from '../widgets/widget.js';

const token = z
  .string()
  .min(1)
  .check(...atMost(4096));

/** Both together move the visitor's conversations to the person, once. */
export const sessionBody = z
  .strictObject({
    visitor_token: token.optional().describe('Of an earlier answer: opens the conversations of then'),
    identity_token: token
      .optional()
      .describe('JWT by HS256 with the widget’s secret: {sub, name, email, persona, exp at most ten minutes from now}'),
  })
  .meta({ examples: [{}] });
export type SessionBody = z.infer<typeof sessionBody>;

export const sessionResponse = z
  .object({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.number().describe('Seconds'),
    visitor_id: z.string(),
    visitor_token: z.string().nullable().describe('Keep it in the browser; null for a person with an identity_token'),
  })
  .meta({ id: 'WidgetSession' });
export type SessionResponse = z.infer<typeof sessionResponse>;

export const configResponse = widgetResponse
  .pick({ name: true, appearance: true, texts: true, questions: true, identity: true, attachments: true })
  .extend({ online: z.boolean().describe('Whether a person could answer now') })
  .meta({ id: 'WidgetConfig' });
export type ConfigResponse = z.infer<typeof configResponse>;

/** @param online whether a person could answer now */
export function toConfigResponse(widget: Widget, online: boolean): ConfigResponse {
  const { appearance, attachments, identity, name, questions, texts } = widget;
  return {
    name,
    appearance: { ...appearance },
    texts: { ...texts },
    questions: [...questions],
    identity,
    attachments,
    online,
  };
}
