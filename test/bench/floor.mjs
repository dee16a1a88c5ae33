// The floor: what nobody can do without. A bare `ws` server that checks nothing, stores nothing and retrieves nothing; for each
// message it makes one routing call, then relays the answer's stream as token frames.
//   node test/bench/floor.mjs <provider url>
import { Agent, request } from 'node:http';
import { WebSocketServer } from 'ws';

const provider = process.argv[2];
const agent = new Agent({ keepAlive: true, maxSockets: 1000 });
const ROUTING = {
  model: 'stand-in',
  messages: [{ role: 'user', content: 'Which agent? Question: hello' }],
  response_format: {
    type: 'json_schema',
    json_schema: {
      name: 'route',
      schema: { type: 'object', properties: { agent: { enum: ['support', 'tracking'] } } },
    },
  },
};

function call(body, onData) {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const sent = request(
      `${provider}/chat/completions`,
      {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      },
      (response) => {
        response.setEncoding('utf8');
        response.on('data', onData);
        response.on('end', resolve);
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

async function answer(socket, { content }) {
  let routed = '';
  await call(ROUTING, (data) => (routed += data));
  JSON.parse(routed);
  let rest = '';
  let offset = 0;
  await call({ model: 'stand-in', stream: true, messages: [{ role: 'user', content }] }, (data) => {
    const lines = (rest + data).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data: {')) continue;
      const token = JSON.parse(line.slice(6)).choices[0]?.delta?.content;
      if (!token) continue;
      socket.send(JSON.stringify({ type: 'token', role: 'assistant', content: token, offset }));
      offset += token.length;
    }
  });
  socket.send('{"type":"done","status":"completed"}');
}

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false }, () =>
  console.log(`floor ws://127.0.0.1:${server.address().port}/`),
);
server.on('connection', (socket) => {
  socket.on('message', (data) => {
    answer(socket, JSON.parse(data)).catch(() => socket.send('{"type":"done","status":"failed"}'));
  });
});
