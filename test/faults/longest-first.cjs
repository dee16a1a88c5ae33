const { basename } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/** The storm wants processors, so those that mostly wait go beside it; then the long ones. */
const FIRST = ['storm', 'settlement', 'pool', 'restart', 'database-away', 'take-over', 'two-instances'];

/** Two files run at a time: a long one that began last would run alone. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const at = FIRST.indexOf(basename(path).replace('.faults-spec.ts', ''));
      return at < 0 ? FIRST.length : at;
    };
    return [...tests].sort((one, other) => place(one) - place(other) || (one.path < other.path ? -1 : 1));
  }
};
