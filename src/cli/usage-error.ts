/** The words of the command do not fit; the usage is printed with it. */
export class UsageError extends Error {}
