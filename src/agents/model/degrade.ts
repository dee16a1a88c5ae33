import { isProviderFailure } from './model-calls.js';

/** Runs `primary`; when the provider fails and nothing was shown yet, `fallback`. */
export type Degrade = <T>(
  primary: () => Promise<T>,
  fallback: () => Promise<T>,
  nothingShown?: () => boolean,
) => Promise<T>;

/** @param onDegrade told once for each step that was answered without the model */
export function degrading(onDegrade: (error: unknown) => void): Degrade {
  return async (primary, fallback, nothingShown = () => true) => {
    try {
      return await primary();
    } catch (error) {
      if (!isProviderFailure(error) || !nothingShown()) throw error;
      onDegrade(error);
      return fallback();
    }
  };
}
