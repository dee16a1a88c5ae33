/** Injection token for the process's logger (pino's type is an interface). */
export const LOGGER = Symbol('LOGGER');
