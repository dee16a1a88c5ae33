import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const MOST_BYTES = 12_000;

describe('the client library', () => {
  it('is small, and nothing but itself is in it', async () => {
    const { metafile, outputFiles } = await build({
      entryPoints: ['src/sdk/index.ts'],
      bundle: true,
      format: 'esm',
      target: 'es2022',
      minify: true,
      write: false,
      metafile: true,
    });
    expect(Object.keys(metafile.inputs).filter((path) => !path.startsWith('src/sdk/'))).toEqual([]);
    const [output] = outputFiles;
    expect(output?.text).toMatch(/export\s*\{/);
    expect(gzipSync(output?.contents ?? '').length).toBeLessThan(MOST_BYTES);
  });
});
