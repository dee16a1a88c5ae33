/** Says as the run's very last line how many tests passed and failed; a spec file that could not run counts as one failure. */
module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    process.once('exit', () => {
      require('node:fs').writeSync(1, `${results.numPassedTests} passed, ${failed} failed\n`);
    });
  }
};
