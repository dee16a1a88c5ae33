import { fork } from 'node:child_process';

const STOP_MS = 15_000;

/** A child process whose CPU and memory can be asked for. */
export class MeasuredProcess {
  /**
   * @param {{ file: string, args?: string[], env?: Record<string, string | undefined>, ready: RegExp, seconds?: number }} options
   *   `ready` finds the address in what the child prints; its first group is returned as `address`
   */
  static async start({ file, args = [], env = {}, ready, seconds = 60 }) {
    const hook = new URL('./usage-report.mjs', import.meta.url).href;
    const child = fork(file, args, {
      env: { ...process.env, ...env },
      execArgv: ['--import', hook],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let printed = '';
    let isReady = false;
    const address = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail(`did not start within ${seconds} s`), seconds * 1000);
      const fail = (why) => {
        clearTimeout(timer);
        child.kill('SIGKILL');
        reject(new Error(`${file} ${why}:\n${printed.slice(-4000)}`));
      };
      const look = (data) => {
        printed = (printed + data).slice(-50_000);
        const found = isReady ? null : ready.exec(printed);
        if (found === null) return;
        isReady = true;
        clearTimeout(timer);
        resolve(found[1]);
      };
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      child.once('exit', (code, signal) => fail(`ended (${signal ?? code})`));
      child.once('error', (error) => fail(error.message));
    });
    return new MeasuredProcess(child, address, () => printed);
  }

  constructor(child, address, printed) {
    this.child = child;
    /** The end of what the child has printed. */
    this.printed = printed;
    this.address = address;
    this.pid = child.pid;
  }

  /** @returns {Promise<{ cpuMicros: number, rssBytes: number }>} */
  usage() {
    return new Promise((resolve, reject) => {
      const gone = () => reject(new Error('the measured process is gone'));
      this.child.once('exit', gone);
      this.child.once('message', (usage) => {
        this.child.off('exit', gone);
        resolve(usage);
      });
      this.child.send('usage');
    });
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}
