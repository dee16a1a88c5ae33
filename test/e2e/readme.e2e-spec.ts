import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '#platform/paths';
import { DEMO_PASSWORD, TestServer } from '../support/test-server.js';

const NAMED_IN_THE_TEXT = /Save this as `([\w.]+)`:\s*$/;

interface Block {
  readonly language: string;
  readonly code: string;
  /** The file that the sentence before it names. */
  readonly file: string | null;
}

/** Code blocks of a section, those in lists as well. */
function blocksOf(readme: string, section: string): Block[] {
  const from = readme.indexOf(`\n## ${section}\n`);
  const to = readme.indexOf('\n## ', from + 1);
  const text = readme.slice(from, to);
  return [...text.matchAll(/^( *)```(\w+)\n(.*?)^ *```$/gms)].map((match) => {
    const [, indent = '', language = '', code = ''] = match;
    const file = NAMED_IN_THE_TEXT.exec(text.slice(0, match.index))?.[1] ?? null;
    return { language, file, code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), '') };
  });
}

/** What a newcomer does: everything in "Talking to it", pasted into one shell in a folder with the demo's data. */
describe('the README', () => {
  let server: TestServer;
  let folder: string;
  beforeAll(async () => {
    server = await TestServer.start();
    folder = await mkdtemp(join(tmpdir(), 'switchboard-readme-'));
    await mkdir(join(folder, '.data'));
    await writeFile(join(folder, '.data/demo-password'), DEMO_PASSWORD);
    await copyFile(join(projectRoot, 'LICENSE'), join(folder, 'LICENSE'));
    await symlink(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
  }, 90_000);
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('has examples that work as they are pasted', async () => {
    const blocks = blocksOf(await readFile(join(projectRoot, 'README.md'), 'utf8'), 'Talking to it');
    expect(blocks.map(({ language }) => language)).toEqual(expect.arrayContaining(['sh', 'js']));
    const script: string[] = [];
    for (const { code, file, language } of blocks) {
      const here = code.replaceAll('http://127.0.0.1:3000', server.url);
      if (language === 'js') await writeFile(join(folder, file ?? 'nobody says where'), here);
      else if (language === 'sh') script.push(here, 'echo "=== done"');
    }
    const { code, errors, output } = await run(script.join('\n'));
    expect(errors).toBe('');
    expect(code).toBe(0);
    const answers = output.split('=== done');
    expect(answers).toHaveLength(script.length / 2 + 1);
    const [, chats = '', socket = '', search = '', token = ''] = answers;
    expect(chats).toMatch(/"status":"completed".*"citations":\[\{/);
    expect(chats).toMatch(/event: done\n/);
    expect(socket).toMatch(/shipping/i);
    expect(socket).toMatch(/document_id/);
    expect(search).toMatch(/patent license/i);
    expect(token).toMatch(/"access_token":"ey.*"external_id":"customer-17"/);
    expect(output).not.toMatch(/application\/problem|"code":"/);
  }, 120_000);

  function run(script: string): Promise<{ code: number | null; output: string; errors: string }> {
    return new Promise((resolve) => {
      const shell = spawn('bash', ['--norc', '-eo', 'pipefail', '-c', script], {
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: folder,
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
      });
      let output = '';
      let errors = '';
      shell.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      shell.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
      shell.on('close', (code) => resolve({ code, output, errors }));
    });
  }
});
