import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { ApiError, ClientGone } from './apiError.js';
import type { OpenResult, ResultInfo } from './jobs.js';

/** One request and its answer. */
export interface Exchange {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** What the route's pattern left open, such as `id`. */
  readonly captures: Readonly<Record<string, string>>;
  /** What the log says beside code and time. */
  readonly notes: Record<string, string | number>;
}

/** Milliseconds that a client may take for the next piece of an answer. */
const STALL_MS = 30_000;

/** Bytes of a body that nobody wants, for which the connection is kept. */
const SOON_READ = 2 ** 20;

/** For every answer: pictures are pictures, whatever is in them. */
const safeHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
};

export function beginExchange(request: IncomingMessage, response: ServerResponse): Exchange {
  const id = randomUUID();
  response.setHeader('Nanosd-Request-Id', id);
  for (const [name, value] of Object.entries(safeHeaders)) response.setHeader(name, value);
  return { id, request, response, url: parseUrl(request.url), captures: {}, notes: {} };
}

function parseUrl(url = '/'): URL {
  try {
    return new URL(url, 'http://localhost');
  } catch {
    throw new ApiError(400, 'bad_url', 'expected a URL such as /v1/restore?scale=2');
  }
}

/** Calls back when the client has gone before it had its answer. */
export function whenGone({ response }: Exchange, callback: (reason: Error) => void): void {
  const gone = (): void => {
    if (!response.writableFinished) callback(new ClientGone());
  };
  if (response.closed) gone();
  else response.once('close', gone);
}

export function sendText(
  { request, response }: Pick<Exchange, 'request' | 'response'>,
  status: number,
  contentType: string,
  text: string,
): void {
  const body = Buffer.from(text);
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}

export function sendJson(
  exchange: Pick<Exchange, 'request' | 'response'>,
  status: number,
  value: unknown,
): void {
  sendText(exchange, status, 'application/json', `${JSON.stringify(value)}\n`);
}

export function sendError(
  exchange: Pick<Exchange, 'request' | 'response'>,
  { status, code, message, headers }: ApiError,
): void {
  const { request, response } = exchange;
  if (response.headersSent) return void response.destroy();
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (!isSoonRead(request)) response.setHeader('Connection', 'close');
  sendJson(exchange, status, { error: { code, message } });
}

/** What the client still sends must be read before the next request; of a little, Node does so by itself. */
function isSoonRead({ complete, headers }: IncomingMessage): boolean {
  if (complete) return true;
  return headers.expect === undefined && Number(headers['content-length'] ?? Infinity) <= SOON_READ;
}

/** Sends a result, with what was done in its headers. */
export async function sendResult(
  { request, response }: Exchange,
  { info, stream }: Pick<OpenResult, 'info' | 'stream'>,
): Promise<void> {
  response.writeHead(200, { ...resultHeaders(info), 'Content-Length': info.bytes });
  if (request.method === 'HEAD') return void response.end();
  request.socket.setTimeout(STALL_MS);
  try {
    await pipeline(stream(), response);
  } catch (error) {
    throw response.writableFinished ? error : new ClientGone();
  }
}

function resultHeaders(info: ResultInfo): Record<string, string> {
  return {
    'Content-Type': info.type,
    'Nanosd-Model': info.model,
    'Nanosd-Task': info.task,
    'Nanosd-Device': info.device,
    ...(info.fidelity !== undefined && { 'Nanosd-Fidelity': `${info.fidelity}` }),
    'Nanosd-Size': `${info.width}x${info.height}`,
    ...(info.frames > 1 && { 'Nanosd-Frames': `${info.frames}` }),
    ...(info.lost.length > 0 && { 'Nanosd-Lost': info.lost.join(', ') }),
    'Nanosd-Milliseconds': `${info.ms}`,
  };
}
