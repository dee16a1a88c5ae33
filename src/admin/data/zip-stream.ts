import { Zip, ZipDeflate, ZipPassThrough } from 'fflate';
import { PassThrough, type Readable } from 'node:stream';
import { once } from 'node:events';

const PACKED = 6;

/** A zip archive that is read while it is written; a reader that is slow holds the writer up. */
export class ZipStream {
  private readonly out = new PassThrough();
  private readonly zip = new Zip((error, piece, final) => {
    if (error !== null) this.out.destroy(error);
    else if (final) this.out.end(piece);
    else this.out.write(piece);
  });

  get stream(): Readable {
    return this.out;
  }

  /** Adds a text in pieces. */
  async text(name: string, pieces: AsyncIterable<string>): Promise<void> {
    const entry = new ZipDeflate(name, { level: PACKED });
    this.zip.add(entry);
    for await (const piece of pieces) {
      entry.push(Buffer.from(piece));
      await this.drained();
    }
    entry.push(new Uint8Array(0), true);
  }

  /** Adds a file as it is: most are packed already. */
  async file(name: string, content: Readable): Promise<void> {
    const entry = new ZipPassThrough(name);
    this.zip.add(entry);
    for await (const piece of content as AsyncIterable<Buffer>) {
      entry.push(new Uint8Array(piece));
      await this.drained();
    }
    entry.push(new Uint8Array(0), true);
  }

  end(): void {
    this.zip.end();
  }

  fail(error: Error): void {
    this.out.destroy(error);
  }

  private async drained(): Promise<void> {
    if (this.out.destroyed) throw this.out.errored ?? new Error('Nobody reads the archive any more');
    if (this.out.writableNeedDrain) await once(this.out, 'drain');
  }
}
