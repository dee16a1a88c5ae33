import type { ChatPurpose } from '#llm';
import { isProviderFailure, type OnFallback } from './model-calls.js';

/** Runs `primary`; when the provider fails and nothing was shown yet, `fallback`. */
export type Degrade = <T>(
  step: ChatPurpose,
  primary: () => Promise<T>,
  fallback: () => Promise<T>,
  nothingShown?: () => boolean,
) => Promise<T>;

/** @param onDegrade told once for each step that was answered without the model */
export function degrading(onDegrade: OnFallback): Degrade {
  return async (step, primary, fallback, nothingShown = () => true) => {
    try {
      return await primary();
    } catch (error) {
      if (!isProviderFailure(error) || !nothingShown()) throw error;
      onDegrade(step, error);
      return fallback();
    }
  };
}
