import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError, ClientGone, toApiError } from './apiError.js';
import { beginExchange, sendError, type Exchange } from './exchange.js';
import type { Log } from './log.js';
import { matchRoute } from './routes.js';
import type { Service } from './service.js';

export interface ServerOptions {
  readonly log: Log;
  /** Origins of web pages that may ask, such as `https://photos.example`. */
  readonly origins: ReadonlySet<string>;
}

/** Milliseconds after which slow clients are cut off: a photo may take minutes to send, but not hours. */
const patience = {
  headersTimeout: 10_000,
  requestTimeout: 300_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
};
const MAX_CONNECTIONS = 1024;
/** What a client that went away without its answer is counted as, as nginx does. */
const GONE = 499;

/** The HTTP side of a service. */
export function createRestoreServer(service: Service, options: ServerOptions): Server {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void answer(service, options, request, response);
  };
  const server = createServer(patience, listener);
  server.maxConnections = MAX_CONNECTIONS;
  // Without this, Node asks for the body before anybody has looked at the headers.
  server.on('checkContinue', listener);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    service.metrics.requests.add({ route: 'none', method: 'none', code: refuse(error, socket) });
  });
  return server;
}

async function answer(
  service: Service,
  options: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const start = performance.now();
  const seen: { route: string; exchange?: Exchange } = { route: 'none' };
  service.metrics.inFlight++;
  response.once('close', () => {
    service.metrics.inFlight--;
    const code = response.writableFinished ? response.statusCode : GONE;
    finish(service, options.log, { ...seen, request, code, ms: performance.now() - start });
  });
  try {
    if (service.isStopping()) response.setHeader('Connection', 'close');
    const exchange = beginExchange(request, response);
    seen.exchange = exchange;
    allowOrigin(exchange, options.origins);
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
    const { route, captures } = matchRoute(request.method ?? 'GET', exchange.url.pathname);
    seen.route = route.path;
    await route.handle(service, { ...exchange, captures });
  } catch (error) {
    fail(service, { request, response }, error);
  }
}

function fail(
  { onFault }: Service,
  exchange: { request: IncomingMessage; response: ServerResponse },
  error: unknown,
): void {
  if (error instanceof ClientGone || exchange.response.destroyed) {
    exchange.response.destroy();
    return;
  }
  const said = toApiError(error);
  if (said.status === 500) onFault(error);
  sendError(exchange, said);
}

/**
 * Browsers send along where a page comes from. Pages of other machines, which may be anybody's, have no business
 * with a server that only this machine can reach.
 */
function allowOrigin({ request, response }: Exchange, origins: ReadonlySet<string>): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  if (
    !origins.has(origin) &&
    !/^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(origin)
  ) {
    const message = `expected no Origin, or one that --allow-origin names, got ${origin.slice(0, 80)}`;
    throw new ApiError(403, 'foreign_origin', message);
  }
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Vary', 'Origin');
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST, DELETE');
  response.setHeader('Access-Control-Allow-Headers', 'Content-Type');
  response.setHeader(
    'Access-Control-Expose-Headers',
    'Location, Retry-After, Nanosd-Size, Nanosd-Lost, Nanosd-Milliseconds, Nanosd-Request-Id',
  );
}

interface Finished {
  readonly route: string;
  readonly exchange?: Exchange;
  readonly request: IncomingMessage;
  readonly code: number;
  readonly ms: number;
}

function finish({ metrics }: Service, log: Log, finished: Finished): void {
  const { route, exchange, request, code, ms } = finished;
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'none');
  metrics.requests.add({ route, method: route === 'none' ? 'none' : method, code });
  if (route.startsWith('/v1/')) metrics.requestSeconds.observe({ route }, ms / 1000);
  // Without the query, which may hold anything.
  const path = (exchange?.url.pathname ?? request.url ?? '').slice(0, 100);
  log({
    level: 'info',
    message: `${method} ${JSON.stringify(path).slice(1, -1)} ${code}`,
    fields: { ms: Math.round(ms), ...exchange?.notes, ...(exchange && { request: exchange.id }) },
  });
}

/** Answers what is no HTTP, or came too slowly. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): number {
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const tooSlow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const status = tooLarge ? 431 : tooSlow ? 408 : 400;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return GONE;
  }
  const message = tooSlow ? 'the request came too slowly' : 'expected an HTTP request';
  const body = `${JSON.stringify({ error: { code: 'bad_request', message } })}\n`;
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  return status;
}
