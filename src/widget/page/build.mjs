// Builds what customers' pages load: the loader as a plain script, the rest as modules. Style sheets become text for
// `adoptedStyleSheets`, without their white space.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const LANGUAGES = ['en', 'de', 'fr', 'es', 'ar'];

const cssAsText = {
  name: 'css-as-text',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true, target: 'es2022' });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

/** Nothing here writes HTML; the library's own way to do so is closed, for who would find it. */
const noHtml = {
  name: 'no-html',
  setup({ onLoad }) {
    onLoad({ filter: /preact[\\/]dist[\\/]preact\.m?js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll('.innerHTML', '.textContent'),
      loader: 'js',
    }));
  },
};

/** Members that nobody outside of the loader names: in what every visit loads, each letter counts. */
const OF_THE_LOADER =
  /^(lookForNews|giveFocusBack|isShown|isReady|visiting|listeners|obey|tell|fail|loaded|launcher|button|badge|before|setBusy|setOpen|takeOver)$/;

const common = {
  bundle: true,
  target: 'es2022',
  minify: true,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  plugins: [cssAsText, noHtml],
  logLevel: 'warning',
};

/** @param {Partial<import('esbuild').BuildOptions>} options @returns the loader's result, and the modules' */
export function buildWidget(options) {
  return Promise.all([
    build({
      ...common,
      entryPoints: { widget: here('./loader.ts') },
      format: 'iife',
      mangleProps: OF_THE_LOADER,
      ...options,
    }),
    build({
      ...common,
      entryPoints: [
        here('./panel.tsx'),
        here('./visit.ts'),
        ...LANGUAGES.map((name) => here(`./languages/${name}.ts`)),
      ],
      entryNames: 'widget/[name]',
      format: 'esm',
      ...options,
    }),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  await buildWidget(
    folder === undefined ? { outdir: here('../../../dist/page'), sourcemap: true } : { outdir: folder },
  );
}
