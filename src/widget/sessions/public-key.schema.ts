import { atMost } from '#platform/text';
import { z } from 'zod';

/** In a path. One that was never given out is 404, whatever it looks like. */
export const publicKeySchema = z
  .string()
  .check(...atMost(200))
  .meta({ example: 'pk_0199f6f2-7c1e-7a55-8f3e-5a4f0f3f9a10_q0XoE3mYpVbT9sLk' });
