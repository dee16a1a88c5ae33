import { atMost } from '#platform/text';
import { z } from 'zod';

/** The tenant's own word for what somebody is good at: `returns`. */
export const skillSchema = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .check(...atMost(63));
export const languageSchema = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language tag such as en or pt-BR')
  .max(35);
