/** What the database's owner has to do first; the message says it. */
export class MigrationRefusedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MigrationRefusedError';
  }
}
