import type { DemoLogins } from './demo.logins.js';

const ASKS = {
  tenant: 'acme',
  question: 'How many days do I have to return something?',
  order: 'Where is my order 1042?',
};

/**
 * The demo's part of the start's banner: who can sign in, and lines to paste that log in and ask. They need `curl` and
 * the Node that runs the server, and are run in the folder of the product (the WebSocket client is in its node_modules).
 */
export function welcomeLines(
  url: string,
  { list: logins, password, reading }: Pick<DemoLogins, 'list' | 'password' | 'reading'>,
  shop: string | null = null,
): string[] {
  const asker = logins.find(({ tenant, user }) => tenant === ASKS.tenant && user.role === 'end_user');
  if (asker === undefined) return [];
  const width = Math.max(...logins.map(({ user }) => user.email.length));
  const people = logins.map(
    ({ tenant, user }) =>
      `    ${tenant.padEnd(8)} ${user.email.padEnd(width)}  ${(user.persona ?? user.role).replaceAll('_', ' ')}`,
  );
  const credentials = quoted(JSON.stringify({ tenant: asker.tenant, email: asker.user.email, password }));
  const json = `-H 'content-type: application/json'`;
  const socket = `${url.replace(/^http/, 'ws')}/ws/chat?token=$TOKEN`;
  const frame = `{ type: 'user_message', content: '${ASKS.order}' }`;
  return [
    '',
    ...(reading
      ? ['  the demo’s documents are still being read, some seconds yet: answers from them say so until then', '']
      : []),
    ...(shop === null ? [] : [`  a shop’s website with the chat in its corner: ${shop}/`, '']),
    `  demo logins, each with the password ${password}`,
    ...people,
    '',
    '  sign in:',
    `    TOKEN=$(curl -s ${url}/api/auth/login ${json} -d ${credentials} | node -pe 'JSON.parse(require("fs").readFileSync(0)).access_token')`,
    '  ask over HTTP (a stream of events):',
    `    curl -sN ${url}/api/${asker.tenant}/chat ${json} -H 'accept: text/event-stream' -H "authorization: Bearer $TOKEN" -d '{"content":"${ASKS.question}"}'`,
    '  ask over WebSocket:',
    `    node --input-type=module -e "import WebSocket from 'ws'; const socket = new WebSocket('${socket}'); socket.on('message', (frame) => { console.log(String(frame)); if (JSON.parse(frame).type === 'done') socket.close(); }); socket.on('open', () => socket.send(JSON.stringify(${frame})));"`,
  ];
}

/** For a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
