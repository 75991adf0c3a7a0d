import { connect } from 'node:net';
import type { Random } from 'nanosd';
import { malformed, type Malformed } from './malformed.js';
import type { CheckPhoto } from './photos.js';
import type { ServerProcess } from './serverProcess.js';

export interface FuzzReport {
  /** Answers by code; 0 where the connection was closed without one. */
  readonly codes: Readonly<Record<string, number>>;
  /** What must not be: no answer in time, or one that says the server failed. */
  readonly wrong: readonly string[];
  /** Megabytes resident after each quarter of the requests. */
  readonly rss: readonly number[];
}

const AT_A_TIME = 8;
const ANSWER_MS = 30_000;

/** Sends malformed requests, all from a seed. */
export async function fuzz(
  server: ServerProcess,
  photos: readonly CheckPhoto[],
  random: Random,
  count: number,
): Promise<FuzzReport> {
  const codes: Record<string, number> = {};
  const wrong: string[] = [];
  const rss: number[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count) {
      const i = next++;
      const sent = malformed(random, photos);
      const code = await send(server.port, sent).catch((error: unknown) => String(error));
      codes[code] = (codes[code] ?? 0) + 1;
      const isFine = typeof code === 'number' && (code < 500 || code === 503);
      if (!isFine) wrong.push(`${i}: ${sent.kind}: ${code}`);
      if ((i + 1) % Math.ceil(count / 4) === 0) rss.push(await server.rss());
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, client));
  return { codes, wrong, rss };
}

/** The code of the answer, or 0 where the connection ends without one. */
function send(port: number, { pieces, leaves }: Malformed): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error('no answer in time'));
    }, ANSWER_MS);
    socket.on('data', (chunk: Buffer) => {
      if (answer.length < 20) answer += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      const [last] = /HTTP\/1\.1 (?!100)\d{3}/.exec(answer) ?? ['0'];
      resolve(Number(last.slice(-3)));
    });
    void write(socket, pieces).then(() => {
      if (leaves) setTimeout(() => socket.destroy(), 20);
    });
  });
}

async function write(
  socket: ReturnType<typeof connect>,
  pieces: readonly Uint8Array[],
): Promise<void> {
  for (const piece of pieces) {
    if (!socket.destroyed) socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
