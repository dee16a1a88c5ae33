/**
 * What keeps attackers out, and the test that notices when it is gone. Each defence names the edit that takes it out of the
 * source; `npm run test:defences` makes that edit in a copy of the project, runs the test there and wants it to fail.
 * `defences.unit-spec.ts` keeps the edits in step with the source.
 *
 * @typedef {object} Edit
 * @property {string} file from the project's root
 * @property {string} from what to take out; occurs exactly once in the file
 * @property {string} to what stands there instead, so that the file still compiles
 *
 * @typedef {object} Defence
 * @property {string} attack what somebody tries
 * @property {readonly Edit[]} edits
 * @property {string} test the file that notices
 * @property {string} name of the tests in it that notice, or a part of it: at least one of them has to fail
 * @property {true} [embedded] only a database of its own shows it: in a cluster that others use too the roles are there already
 *
 * @type {Readonly<Record<string, readonly Defence[]>>}
 */
export const DEFENCES = {
  operator: (await import('./operator.mjs')).default,
  auth: (await import('./auth.mjs')).default,
  secrets: (await import('./secrets.mjs')).default,
  widget: (await import('./widget.mjs')).default,
  tenancy: (await import('./tenancy.mjs')).default,
  limits: (await import('./limits.mjs')).default,
};
