import { WebSocket } from 'ws';

const TURN_MS = 60_000;

/** One conversation on one socket; a turn at a time. Speaks to the product and to the floor alike. */
export class ChatClient {
  /** @param {{ keepsConversations: boolean }} options whether the server answers a message with the id of its conversation */
  static async open(url, options) {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new ChatClient(socket, options);
  }

  constructor(socket, { keepsConversations }) {
    this.socket = socket;
    this.keepsConversations = keepsConversations;
    this.conversationId = null;
    this.turn = null;
    socket.on('message', (data) => this.turn?.take(data));
    socket.on('close', (code) => this.turn?.fail(new Error(`the socket was closed with ${code}`)));
    socket.on('error', () => {});
  }

  /**
   * @returns {Promise<{ firstTokenMs: number, tokenFrames: number, tokenBytes: number, text: string }>}
   */
  ask(content) {
    const client = this;
    const sentAt = performance.now();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.turn?.fail(new Error('a turn did not end')), TURN_MS);
      let firstTokenMs = NaN;
      let tokenFrames = 0;
      let tokenBytes = 0;
      let text = '';
      const leave = () => {
        clearTimeout(timer);
        this.turn = null;
      };
      this.turn = {
        take(data) {
          const frame = JSON.parse(data);
          if (frame.type === 'token') {
            if (tokenFrames === 0) firstTokenMs = performance.now() - sentAt;
            tokenFrames++;
            tokenBytes += data.length;
            text = text.slice(0, frame.offset) + frame.content;
          } else if (frame.type === 'ack') {
            client.conversationId = frame.conversation_id;
          } else if (frame.type === 'error') {
            leave();
            reject(new Error(`${frame.code}: ${frame.message}`));
          } else if (frame.type === 'done') {
            leave();
            if (frame.status === 'completed' && tokenFrames > 0)
              resolve({ firstTokenMs, tokenFrames, tokenBytes, text });
            else reject(new Error(`a turn ended as ${frame.status} with ${tokenFrames} tokens`));
          }
        },
        fail(error) {
          leave();
          reject(error);
        },
      };
      const conversation = this.keepsConversations ? { conversation_id: this.conversationId ?? 'new' } : {};
      this.socket.send(JSON.stringify({ type: 'user_message', content, ...conversation }));
    });
  }

  async close() {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.close();
    await closed;
  }
}
