import { createSocket, type Socket } from 'node:dgram';
import { hostResolver } from './host-resolver.js';

const TYPE_A = 1;
const TYPE_AAAA = 28;

let server: Socket;
let address: string;
/** Records by question type; undefined means that the server stays silent. */
let records: Readonly<Record<number, readonly Buffer[]>> | undefined;
let questions: number;

/** As much of a DNS server as one name with addresses needs. */
function answerTo(question: Buffer): Buffer | null {
  questions += 1;
  if (records === undefined) return null;
  const end = question.indexOf(0, 12) + 5;
  const type = question.readUInt16BE(end - 4);
  const data = records[type] ?? [];
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(data.length, 6);
  header.writeUInt32BE(0, 8);
  const answers = data.map((bytes) => {
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(60, 6);
    record.writeUInt16BE(bytes.length, 10);
    return Buffer.concat([record, bytes]);
  });
  return Buffer.concat([header, question.subarray(12, end), ...answers]);
}

beforeEach(async () => {
  questions = 0;
  server = createSocket('udp4');
  server.on('message', (question, from) => {
    const answer = answerTo(question);
    if (answer !== null) server.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${server.address().port}`;
});

afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

const untrusted = () => ({ trusted: false, signal: new AbortController().signal });

describe('hostResolver', () => {
  it('returns the addresses of both families, so that none goes unchecked', async () => {
    records = {
      [TYPE_A]: [Buffer.from([93, 184, 216, 34]), Buffer.from([127, 0, 0, 1])],
      [TYPE_AAAA]: [Buffer.alloc(16)],
    };
    const found = await hostResolver([address])('mixed.example', untrusted());
    expect([...found].sort()).toEqual(['127.0.0.1', '93.184.216.34', '::']);
  });

  it('is content with one family', async () => {
    records = { [TYPE_AAAA]: [Buffer.from('20010db8000000000000000000000001', 'hex')] };
    expect(await hostResolver([address])('six.example', untrusted())).toEqual(['2001:db8::1']);
  });

  it('rejects for a name without addresses', async () => {
    records = {};
    await expect(hostResolver([address])('none.example', untrusted())).rejects.toMatchObject({ code: 'ENODATA' });
  });

  it('stops asking a silent server when the caller aborts', async () => {
    records = undefined;
    const controller = new AbortController();
    const asked = hostResolver([address])('slow.example', { trusted: false, signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(asked).rejects.toMatchObject({ code: 'ECANCELLED' });
  });

  it("uses the machine's own ways for a name that the operator vouches for", async () => {
    const found = await hostResolver([address])('localhost', { ...untrusted(), trusted: true });
    expect(found.some((item) => item === '127.0.0.1' || item === '::1')).toBe(true);
    expect(questions).toBe(0);
  });
});
