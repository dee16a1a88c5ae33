const { basename } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

const LONGEST = ['storm', 'restart', 'take-over', 'database-away', 'settlement', 'two-instances', 'pool'];

/** Two files run at a time: a long one that began last would run alone. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const at = LONGEST.indexOf(basename(path).replace('.faults-spec.ts', ''));
      return at < 0 ? LONGEST.length : at;
    };
    return [...tests].sort((one, other) => place(one) - place(other) || (one.path < other.path ? -1 : 1));
  }
};
