import { SecretString } from '#platform/secrets';
import { signatureHeaders } from './signature.js';

describe('the signature of a webhook', () => {
  // The example of the specification, github.com/standard-webhooks/standard-webhooks.
  const secret = new SecretString('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  const content = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    sentAt: new Date(1614265330_000),
    body: '{"test": 2432232314}',
  };

  it('is the one of the specification', () => {
    expect(signatureHeaders(content, [secret])).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is one of each secret while two of them hold', () => {
    const other = new SecretString('whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD');
    const [first, second, ...more] = signatureHeaders(content, [other, secret])['webhook-signature'].split(' ');
    expect([first?.slice(0, 3), second, more]).toEqual(['v1,', 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=', []]);
    expect(first).not.toBe(second);
  });
});
