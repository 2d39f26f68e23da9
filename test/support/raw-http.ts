import { connect } from 'node:net';

/** What came back over one connection until the other side closed it. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Sends bytes as they are, which no HTTP client would, and waits until the connection is closed. */
export function sendRaw(port: number, request: string | Buffer, waitMs = 20_000): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setTimeout(waitMs, () => socket.destroy(new Error('The connection was not closed')));
    socket.on('data', (chunk) => received.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The other side may close while we are still sending; its answer counts.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => {
      resolve(parse(Buffer.concat(received).toString('utf8')));
    });
  });
}

function parse(text: string): RawAnswer {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
  });
  return { status: Number(statusLine.split(' ')[1]), headers: Object.fromEntries(headers), body };
}

/** Sends the beginning of a request, and resets the connection as a phone that loses its network does. */
export function breakOff(port: number, beginning: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      // The reset must not overtake what was sent.
      socket.write(beginning, () => setTimeout(() => socket.resetAndDestroy(), 100));
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}
