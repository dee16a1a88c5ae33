import { watchHeldConnections } from '../../src/platform/database/held-connection.js';

// Before each file of tests: a model, tool or address that is awaited inside a unit of work fails it.
watchHeldConnections();
