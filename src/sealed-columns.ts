import { SEALED_CREDENTIALS } from '#llm';
import { SEALED_ANSWERS } from '#platform/http';
import { SEALED_WEBHOOKS } from '#webhooks';
import { SEALED_WIDGETS } from '#widget';
import type { SealedColumn } from '#platform/sealed';

/** All that is sealed at rest, by the modules that own it: what a start must be able to open, and a new key has to seal. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  SEALED_CREDENTIALS,
  SEALED_WIDGETS,
  SEALED_WEBHOOKS,
  SEALED_ANSWERS,
];
