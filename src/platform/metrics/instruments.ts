import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Which values a label may have: a fixed list, or a number of values that the program itself makes (route templates). */
export type LabelValues = readonly string[] | { readonly atMost: number };
export type Labels = Readonly<Record<string, LabelValues>>;

type ValueOf<V extends LabelValues> = V extends readonly (infer Value extends string)[] ? Value : string;
type Given<L extends Labels> = { readonly [Name in keyof L]: ValueOf<L[Name]> };

/** What a value becomes that the label does not have. Nothing free ever becomes a series. */
export const OTHER = 'other';

interface About<L extends Labels> {
  readonly registry: Registry;
  readonly name: string;
  readonly help: string;
  readonly labels: L;
}

/** Counts events. */
export class ClosedCounter<L extends Labels> {
  private readonly counter: Counter;
  private readonly labels: ClosedLabels<L>;

  constructor({ help, labels, name, registry }: About<L>) {
    this.labels = new ClosedLabels(labels);
    this.counter = new Counter({ name, help, labelNames: Object.keys(labels), registers: [registry] });
  }

  add(given: Given<L>, count = 1): void {
    this.counter.inc(this.labels.close(given), count);
  }
}

/** Counts durations in seconds. */
export class ClosedHistogram<L extends Labels> {
  private readonly histogram: Histogram;
  private readonly labels: ClosedLabels<L>;

  constructor({ buckets, help, labels, name, registry }: About<L> & { readonly buckets: readonly number[] }) {
    this.labels = new ClosedLabels(labels);
    this.histogram = new Histogram({
      name,
      help,
      labelNames: Object.keys(labels),
      buckets: [...buckets],
      registers: [registry],
    });
  }

  observe(given: Given<L>, seconds: number): void {
    this.histogram.observe(this.labels.close(given), seconds);
  }
}

/** A figure by the values of one label; what is not known is left out. */
export type Reading<V extends string> = Readonly<Partial<Record<V, number>>>;

/**
 * What somebody knows at any time. Its owner says how to read it; nothing is spent until somebody asks. One that has no
 * owner, or cannot be read, is left out of the answer.
 */
export class ReadGauge {
  private source: (() => number | Promise<number>) | null = null;

  constructor(registry: Registry, name: string, help: string) {
    const readNow = () => this.read();
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.remove();
        const value = await readNow();
        if (value !== null) this.set(value);
      },
    });
  }

  from(source: () => number | Promise<number>): void {
    this.source = source;
  }

  private async read(): Promise<number | null> {
    try {
      return this.source === null ? null : await this.source();
    } catch {
      return null;
    }
  }
}

/** The same for a figure with one label of fixed values. */
export class ReadGauges<V extends string> {
  private source: (() => Reading<V>) | null = null;

  constructor(registry: Registry, name: string, help: string, label: { readonly name: string; values: readonly V[] }) {
    const readNow = (): Reading<V> => this.source?.() ?? ({} as Reading<V>);
    new Gauge({
      name,
      help,
      labelNames: [label.name],
      registers: [registry],
      collect() {
        this.reset();
        const reading = readNow();
        for (const value of label.values) {
          const figure = reading[value];
          if (figure !== undefined) this.set({ [label.name]: value }, figure);
        }
      },
    });
  }

  from(source: () => Reading<V>): void {
    this.source = source;
  }
}

/** Turns whatever was given into values that the labels have. */
class ClosedLabels<L extends Labels> {
  private readonly names: readonly string[];
  private readonly known: readonly Set<string>[];
  private readonly room: readonly number[];

  constructor(labels: L) {
    this.names = Object.keys(labels);
    const values = Object.values(labels);
    this.known = values.map((value) => new Set('atMost' in value ? [] : value));
    this.room = values.map((value) => ('atMost' in value ? value.atMost : 0));
  }

  close(given: Given<L>): Record<string, string> {
    const closed: Record<string, string> = {};
    this.names.forEach((name, index) => {
      closed[name] = this.value(index, given[name as keyof L]);
    });
    return closed;
  }

  private value(index: number, value: string): string {
    const known = this.known[index];
    if (known === undefined || known.has(value)) return value;
    if (known.size >= (this.room[index] ?? 0)) return OTHER;
    known.add(value);
    return value;
  }
}
