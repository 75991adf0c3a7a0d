import { crc32 } from 'node:zlib';
import type { Random } from 'nanosd';
import type { CheckPhoto } from './photos.js';

/** Something that no sensible client sends. */
export interface Malformed {
  readonly kind: string;
  /** What goes over the connection, in pieces with a pause between them. */
  readonly pieces: readonly Uint8Array[];
  /** Whether the client goes away rather than wait for an answer. */
  readonly leaves: boolean;
}

type Maker = (random: Random, photos: readonly CheckPhoto[]) => Omit<Malformed, 'kind'>;

/** A malformed request of a random kind. */
export function malformed(random: Random, photos: readonly CheckPhoto[]): Malformed {
  const [kind, make] = pick(random, Object.entries(makers));
  return { kind, ...make(random, photos) };
}

const makers: Readonly<Record<string, Maker>> = {
  'damaged image': (random, photos) =>
    posted(random, damage(random, pick(random, photos).bytes), ['/v1/restore', '/v1/jobs']),
  bomb: (random) => posted(random, bomb(random)),
  'no image': (random) => posted(random, noise(random, 2000)),
  'bad parameters': (random, photos) => {
    const query = `?${text(random, 40)}=${text(random, 60)}&scale=${text(random, 8)}`;
    return posted(random, pick(random, photos).bytes, [`/v1/restore${query}`]);
  },
  form: (random, photos) => ({
    pieces: [request('POST', '/v1/restore', form(random, pick(random, photos).bytes), formType)],
    leaves: false,
  }),
  path: (random) => ({
    pieces: [request(pick(random, methods), `/${text(random, 60)}`, new Uint8Array())],
    leaves: false,
  }),
  'job name': (random) => ({
    pieces: [
      request(pick(random, methods), `/v1/jobs/${text(random, 50)}/result`, new Uint8Array()),
    ],
    leaves: false,
  }),
  'no HTTP': (random) => ({ pieces: [noise(random, 500), Buffer.from('\r\n\r\n')], leaves: false }),
  'bad framing': (random, photos) => ({ pieces: badFraming(random, photos), leaves: true }),
  'sudden end': (random, photos) => {
    const whole = request('POST', '/v1/restore', pick(random, photos).bytes);
    return { pieces: [whole.subarray(0, below(random, whole.length))], leaves: true };
  },
  'in pieces': (random, photos) => {
    const whole = request('POST', '/v1/restore', damage(random, pick(random, photos).bytes));
    const cut = below(random, whole.length);
    return { pieces: [whole.subarray(0, cut), whole.subarray(cut)], leaves: false };
  },
};

const methods = ['GET', 'POST', 'DELETE', 'PUT', 'HEAD', 'OPTIONS', 'PATCH'] as const;
const formType = 'multipart/form-data; boundary=XX';
const types = ['image/png', 'image/jpeg', 'application/octet-stream', 'text/html', 'x', ''];

function posted(
  random: Random,
  body: Uint8Array,
  paths = ['/v1/restore'],
): Omit<Malformed, 'kind'> {
  const type = random.uniform() < 0.8 ? 'image/png' : pick(random, types);
  return { pieces: [request('POST', pick(random, paths), body, type)], leaves: false };
}

function request(method: string, path: string, body: Uint8Array, type = 'image/png'): Buffer {
  const head =
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
    `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** Some bytes changed, cut off, doubled or left out. */
function damage(random: Random, image: Buffer): Buffer {
  const bytes = Buffer.from(image);
  const changes = 1 + below(random, 12);
  // Headers matter most.
  const reach = random.uniform() < 0.5 ? Math.min(64, bytes.length) : bytes.length;
  for (let i = 0; i < changes; i++) bytes[below(random, reach)] = below(random, 256);
  const at = below(random, bytes.length);
  switch (below(random, 4)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + below(random, 40))]);
    default:
      return bytes;
  }
}

/** A small file that says it is a very large picture. */
function bomb(random: Random): Buffer {
  const side = 20_000 + below(random, 40_000);
  const bytes = Buffer.alloc(64 + below(random, 400));
  switch (below(random, 4)) {
    case 0: {
      bytes.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1');
      bytes.writeUInt32BE(side, 16);
      bytes.writeUInt32BE(side, 20);
      bytes.set([8, 2, 0, 0, 0], 24);
      bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
      bytes.writeUInt32BE(12, 33);
      bytes.write('IDAT', 37, 'latin1');
      return bytes;
    }
    case 1:
      bytes.write('GIF89a', 'latin1');
      bytes.writeUInt16LE(side, 6);
      bytes.writeUInt16LE(side, 8);
      bytes.set([0x2c, 0, 0, 0, 0, side & 255, side >> 8, side & 255, side >> 8, 0, 2], 13);
      return bytes;
    case 2:
      bytes.write('BM', 'latin1');
      bytes.writeUInt32LE(54, 10);
      bytes.writeUInt32LE(40, 14);
      bytes.writeInt32LE(side, 18);
      bytes.writeInt32LE(random.uniform() < 0.5 ? side : -side, 22);
      bytes.writeUInt16LE(24, 28);
      return bytes;
    default: {
      bytes.write('II*\0\x08\0\0\0', 'latin1');
      bytes.writeUInt16LE(4, 8);
      const tags = [256, 257, 258, 262].map((tag, i) => [tag, [side, side, 8, 1][i]] as const);
      for (const [i, [tag, value]] of tags.entries()) {
        bytes.writeUInt16LE(tag, 10 + 12 * i);
        bytes.writeUInt16LE(4, 12 + 12 * i);
        bytes.writeUInt32LE(1, 14 + 12 * i);
        bytes.writeUInt32LE(value, 18 + 12 * i);
      }
      return bytes;
    }
  }
}

function form(random: Random, image: Buffer): Buffer {
  const part = (name: string, value: Uint8Array): Buffer =>
    Buffer.concat([
      Buffer.from(`--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`, 'latin1'),
      value,
      Buffer.from('\r\n'),
    ]);
  const whole = Buffer.concat([
    part('image"; filename="../../etc/passwd', damage(random, image)),
    part(text(random, 20), noise(random, 30)),
    Buffer.from('--XX--\r\n'),
  ]);
  return random.uniform() < 0.5 ? damage(random, whole) : whole;
}

function badFraming(random: Random, photos: readonly CheckPhoto[]): Uint8Array[] {
  const { bytes } = pick(random, photos);
  const lines = [
    `Content-Length: ${bytes.length + 1 + below(random, 1e6)}`,
    `Content-Length: ${below(random, bytes.length)}`,
    'Content-Length: -1',
    'Content-Length: 99999999999999999999',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: chunked\r\nContent-Length: 4',
    `X-Long: ${'x'.repeat(20_000)}`,
    'Expect: 100-continue\r\nContent-Length: 999999999',
    'Expect: miracles',
    'Content-Encoding: gzip\r\nContent-Length: 10',
    'Upgrade: websocket\r\nConnection: Upgrade',
  ];
  const head = `POST /v1/restore HTTP/1.1\r\nHost: localhost\r\n${pick(random, lines)}\r\n\r\n`;
  return [Buffer.from(head), bytes];
}

/** Letters that paths, queries and headers give a meaning to, and some others. */
const letters = '/.%?&=#;:\\"\'<>{}[]()@!$*+,~^|`_-0123456789abcXYZ\x7f\xff';

function text(random: Random, length: number): string {
  const traps = ['../', '%00', '%2e%2e%2f', '__proto__', 'constructor', '-1', 'NaN', '1e999', '%'];
  if (random.uniform() < 0.2) return pick(random, traps);
  return Array.from({ length: 1 + below(random, length) }, () => pick(random, letters)).join('');
}

function noise(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length: below(random, length) }, () => below(random, 256)));
}

function below(random: Random, limit: number): number {
  return Math.floor(random.uniform() * limit);
}

function pick<T>(random: Random, values: ArrayLike<T>): T {
  return values[below(random, values.length)];
}
