import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { BlobMissingError, type BlobKey, type BlobStore } from '#platform/blobs';
import { newId } from '#platform/database';

export interface BlobStoreUnderTest {
  readonly store: BlobStore;
  tenant(): Promise<string>;
  /** How many bytes of blobs lie anywhere, whole or not. */
  bytes(): Promise<number>;
  close(): Promise<void>;
}

/** What every store of blobs does. */
export function blobStoreConformance(name: string, create: () => Promise<BlobStoreUnderTest>): void {
  describe(`${name} as a store of blobs`, () => {
    let subject: BlobStoreUnderTest;
    let tenantId: string;

    beforeAll(async () => {
      subject = await create();
      tenantId = await subject.tenant();
    }, 60_000);
    afterAll(() => subject?.close());

    const newKey = (): BlobKey => ({ tenantId, id: newId(), purpose: 'document' });
    const read = async (key: BlobKey): Promise<Buffer | null> => {
      const found = await subject.store.open(key);
      return found === null ? null : buffer(found.stream);
    };

    it.each([0, 1, 65_536, 262_144, 700_001])(
      'gives back %i bytes as they came, in pieces of any size',
      async (size) => {
        const key = newKey();
        const bytes = randomBytes(size);
        const parts: Buffer[] = [];
        for (let at = 0; at < size; at += 50_000) parts.push(bytes.subarray(at, at + 50_000));
        const stored = await subject.store.put(key, Readable.from(parts));
        expect(stored.size).toBe(size);
        expect(stored.sha256).toEqual(createHash('sha256').update(bytes).digest());
        expect(stored.head.equals(bytes.subarray(0, 65_536))).toBe(true);
        expect((await subject.store.open(key))?.size).toBe(size);
        expect((await read(key))?.equals(bytes)).toBe(true);
        await subject.store.keep(key);
        expect((await read(key))?.equals(bytes)).toBe(true);
        expect((await subject.store.withFile(key, (path) => readFile(path))).equals(bytes)).toBe(true);
        await subject.store.delete(key);
        expect(await read(key)).toBeNull();
      },
    );

    it('removes what had arrived when the stream breaks', async () => {
      const key = newKey();
      const before = await subject.bytes();
      const broken = Readable.from(
        (function* () {
          yield randomBytes(600_000);
          throw new Error('the client went away');
        })(),
      );
      await expect(subject.store.put(key, broken)).rejects.toThrow('went away');
      expect(await read(key)).toBeNull();
      expect(await subject.bytes()).toBe(before);
    });

    it('shows nothing of a blob that is still being written', async () => {
      const key = newKey();
      let go: () => void = () => undefined;
      const slow = Readable.from(
        (async function* () {
          yield randomBytes(300_000);
          await new Promise<void>((resolve) => (go = resolve));
        })(),
      );
      const writing = subject.store.put(key, slow);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await read(key)).toBeNull();
      go();
      await writing;
      expect((await read(key))?.length).toBe(300_000);
    });

    it('finds what is loose, and only that', async () => {
      const [loose, kept, loosened] = [newKey(), newKey(), newKey()];
      for (const key of [loose, kept, loosened]) await subject.store.put(key, Buffer.from('x'));
      await subject.store.keep(kept);
      await subject.store.keep(loosened);
      await subject.store.loosen(loosened);
      const found = (await subject.store.loose('document', -1, 1000)).map(({ id }) => id);
      expect(found).toEqual(expect.arrayContaining([loose.id, loosened.id]));
      expect(found).not.toContain(kept.id);
      expect(await subject.store.loose('document', 3600, 1000)).toEqual([]);
      expect(await subject.store.loose('document', -1, 1)).toHaveLength(1);
      expect(await read(loosened)).toEqual(Buffer.from('x'));
    });

    it('shows nothing to another tenant', async () => {
      const key = newKey();
      await subject.store.put(key, Buffer.from('mine'));
      await subject.store.keep(key);
      const theirs = { ...key, tenantId: await subject.tenant() };
      expect(await read(theirs)).toBeNull();
      await subject.store.delete(theirs);
      await subject.store.loosen(theirs);
      expect(await read(key)).toEqual(Buffer.from('mine'));
    });

    it('says so when there is none', async () => {
      const key = newKey();
      await expect(subject.store.withFile(key, () => Promise.resolve())).rejects.toThrow(BlobMissingError);
      await subject.store.delete(key);
      await subject.store.keep(key);
      await subject.store.loosen(key);
    });
  });
}
