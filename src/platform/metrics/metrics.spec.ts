import { Metrics } from './metrics.js';

const ID = '0193f1de-7a10-7c3a-9e55-0d6c5e1a2b3c';

/** The values of one series; undefined when it does not exist. */
function figure(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('the figures', () => {
  it('count turns by how they ended and where they began', async () => {
    const metrics = new Metrics();
    metrics.turnBegun(0.2, false);
    metrics.turnBegun(30, true);
    metrics.turnEnded({ outcome: 'completed', code: null, begun: 'first', seconds: 1.2 });
    metrics.turnEnded({ outcome: 'failed', code: 'LLM_TIMEOUT', begun: 'taken_over', seconds: 31 });
    metrics.turnEnded({ outcome: 'failed', code: 'INTERRUPTED', begun: 'nobody' });
    const text = await metrics.text();
    expect(figure(text, 'switchboard_turns_total{outcome="completed",code="none",begun="first"}')).toBe(1);
    expect(figure(text, 'switchboard_turns_total{outcome="failed",code="LLM_TIMEOUT",begun="taken_over"}')).toBe(1);
    expect(figure(text, 'switchboard_turns_total{outcome="failed",code="INTERRUPTED",begun="nobody"}')).toBe(1);
    expect(figure(text, 'switchboard_turn_take_overs_total')).toBe(1);
    // What a dead process had begun did not wait in a queue; what ran nowhere took no time.
    expect(figure(text, 'switchboard_turn_wait_seconds_count')).toBe(1);
    expect(figure(text, 'switchboard_turn_seconds_count{outcome="failed"}')).toBe(1);
  });

  it('have labels with fixed values: anything else is "other"', async () => {
    const metrics = new Metrics();
    metrics.turnEnded({ outcome: ID as never, code: `${ID} said no` as never, begun: 'me@example.test' as never });
    metrics.frameRefused(ID as never);
    metrics.providerCalled({ provider: ID as never, kind: ID as never, failure: { code: ID, reason: ID } as never });
    metrics.documentBegun();
    metrics.documentLeft(ID as never);
    metrics.requestEnded({ method: 'PROPFIND', route: '/api/:tenant', status: ID as never, seconds: 1 });
    const text = await metrics.text();
    expect(text).not.toMatch(/0193f1de|example\.test/);
    expect(figure(text, 'switchboard_turns_total{outcome="other",code="other",begun="other"}')).toBe(1);
    expect(figure(text, 'switchboard_http_requests_total{method="other",route="/api/:tenant",status="other"}')).toBe(1);
  });

  it('have an end also where the program itself makes the values', async () => {
    const metrics = new Metrics();
    for (let n = 0; n < 2000; n++) {
      metrics.requestEnded({ method: 'GET', route: `/r/${n}`, status: '2xx', seconds: 0.01 });
    }
    const lines = (await metrics.text())
      .split('\n')
      .filter((line) => line.startsWith('switchboard_http_requests_total{'));
    expect(lines).toHaveLength(401);
    expect(lines.find((line) => line.includes('route="other"'))).toMatch(/ 1600$/);
  });

  it('tell what is known at the moment, and leave out what cannot be read', async () => {
    const metrics = new Metrics();
    expect(figure(await metrics.text(), 'switchboard_turns_running')).toBeUndefined();
    let running = 3;
    metrics.turnsRunning.from(() => running);
    metrics.turnsWaiting.from(() => Promise.reject(new Error('the database is away')));
    metrics.pool.from(() => ({ total: 4, idle: 1, waiting: 0 }));
    metrics.bus.from(() => ({ postgres: 1 }));
    const text = await metrics.text();
    expect(figure(text, 'switchboard_turns_running')).toBe(3);
    expect(figure(text, 'switchboard_turns_waiting')).toBeUndefined();
    expect(figure(text, 'switchboard_database_connections{state="idle"}')).toBe(1);
    expect(text.match(/^switchboard_bus_connected.*$/gm)).toEqual(['switchboard_bus_connected{driver="postgres"} 1']);
    running = 0;
    expect(figure(await metrics.text(), 'switchboard_turns_running')).toBe(0);
  });

  it('count the steps that fell back, and why', async () => {
    const metrics = new Metrics();
    metrics.stepFellBack({ step: 'route', reason: 'unusable' });
    metrics.stepFellBack({ step: ID as never, reason: ID as never });
    const text = await metrics.text();
    expect(figure(text, 'switchboard_model_fallbacks_total{step="route",reason="unusable"}')).toBe(1);
    expect(figure(text, 'switchboard_model_fallbacks_total{step="other",reason="other"}')).toBe(1);
  });

  it('tell of the process and its build', async () => {
    const text = await new Metrics().text();
    expect(text).toMatch(/^switchboard_build_info\{version="\d+\.\d+\.\d+[^"]*",node="v\d+[^"]*"\} 1$/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  });

  it('belong to one application each', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    one.settleRetried();
    expect(figure(await one.text(), 'switchboard_turn_settle_retries_total')).toBe(1);
    expect(figure(await other.text(), 'switchboard_turn_settle_retries_total')).toBe(0);
  });
});
