import { ApiError } from './apiError.js';
import { inspect, type Assignment } from './assignment.js';
import { checkContentType, readUpload, receiveBody } from './body.js';
import { sendJson, sendResult, sendText, whenGone, type Exchange } from './exchange.js';
import { indexJson, indexPage } from './indexPage.js';
import { metricsContentType } from './metrics.js';
import { openApi } from './openApi.js';
import { parseOrder } from './order.js';
import { restoreTask, resultInfo } from './restoreTask.js';
import type { Service } from './service.js';

type Handler = (service: Service, exchange: Exchange) => Promise<void> | void;

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** A path, in which `:name` is whatever is there. */
  readonly path: string;
  readonly handle: Handler;
}

export const routes: readonly Route[] = [
  { method: 'GET', path: '/', handle: showIndex },
  { method: 'GET', path: '/openapi.json', handle: (s, e) => sendJson(e, 200, openApi(s)) },
  { method: 'GET', path: '/healthz', handle: (_, e) => sendJson(e, 200, { status: 'ok' }) },
  { method: 'GET', path: '/readyz', handle: showReadiness },
  { method: 'GET', path: '/metrics', handle: showMetrics },
  { method: 'GET', path: '/v1/models', handle: showModels },
  { method: 'POST', path: '/v1/restore', handle: restoreNow },
  { method: 'POST', path: '/v1/jobs', handle: submitJob },
  { method: 'GET', path: '/v1/jobs/:id', handle: showJob },
  { method: 'DELETE', path: '/v1/jobs/:id', handle: removeJob },
  { method: 'GET', path: '/v1/jobs/:id/result', handle: sendJobResult },
];

/** @throws ApiError when there is no such path, or not with this method. */
export function matchRoute(
  method: string,
  path: string,
): { route: Route; captures: Record<string, string> } {
  const matches = routes.flatMap((route) => {
    const captures = matchPath(route.path, path);
    return captures ? [{ route, captures }] : [];
  });
  if (matches.length === 0) {
    throw new ApiError(404, 'not_found', 'expected a path of /openapi.json, got another');
  }
  const asked = method === 'HEAD' ? 'GET' : method;
  const match = matches.find(({ route }) => route.method === asked);
  if (match) return match;
  const allowed = matches.map(({ route }) => route.method).join(', ');
  throw new ApiError(405, 'bad_method', `expected ${allowed} for this path`, { Allow: allowed });
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const [expected, got] = [pattern.split('/'), path.split('/')];
  if (expected.length !== got.length) return undefined;
  const captures: Record<string, string> = {};
  for (const [i, part] of expected.entries()) {
    if (part.startsWith(':') && got[i] !== '') captures[part.slice(1)] = got[i];
    else if (part !== got[i]) return undefined;
  }
  return captures;
}

function showIndex(service: Service, exchange: Exchange): void {
  const { accept = '' } = exchange.request.headers;
  if (accept.includes('text/html')) {
    sendText(exchange, 200, 'text/html; charset=utf-8', indexPage(service));
  } else sendJson(exchange, 200, indexJson(service));
}

function showReadiness({ isStopping }: Service, exchange: Exchange): void {
  const ready = !isStopping();
  sendJson(exchange, ready ? 200 : 503, { status: ready ? 'ready' : 'stopping' });
}

async function showMetrics({ metrics }: Service, exchange: Exchange): Promise<void> {
  sendText(exchange, 200, metricsContentType, await metrics.text());
}

function showModels({ shelf }: Service, exchange: Exchange): void {
  const models = shelf.restorers.map(({ model, scale, device, fidelity }) => {
    const { name, task } = model;
    return { name, task, scale, device, ...(fidelity !== undefined && { fidelity }) };
  });
  sendJson(exchange, 200, { models });
}

async function restoreNow(service: Service, exchange: Exchange): Promise<void> {
  const assignment = await receiveAssignment(service, exchange);
  try {
    const start = performance.now();
    const waited = { ms: 0 };
    const onStart = (): void => void (waited.ms = performance.now() - start);
    const errand = service.bench.submit(restoreTask(service, assignment, { onStart }));
    whenGone(exchange, errand.cancel);
    await using file = await errand.ended;
    const info = resultInfo(assignment, file);
    const total = performance.now() - start;
    const timing = { wait: waited.ms, restore: total - waited.ms };
    exchange.response.setHeader('Server-Timing', serverTiming(timing));
    noteResult(exchange, assignment, info);
    await sendResult(exchange, { info, stream: () => file.stream() });
  } finally {
    assignment.release();
  }
}

function serverTiming(parts: Readonly<Record<string, number>>): string {
  return Object.entries(parts)
    .map(([name, ms]) => `${name};dur=${ms.toFixed(1)}`)
    .join(', ');
}

function noteResult(
  { notes }: Exchange,
  { input }: Assignment,
  { width, height, type, ms }: ReturnType<typeof resultInfo>,
): void {
  Object.assign(notes, {
    from: `${input.width}x${input.height}`,
    to: `${width}x${height}`,
    type,
    restore_ms: ms,
  });
}

/** Everything that can be refused is refused here, and the earlier, the less has been sent and read. */
async function receiveAssignment(service: Service, exchange: Exchange): Promise<Assignment> {
  const { request, response, url } = exchange;
  const { limits, holdings, bench, shelf } = service;
  const query = [...url.searchParams];
  shelf.choose(parseOrder(query));
  checkContentType(request);
  bench.checkRoom();
  const held = await receiveBody(request, response, limits.maxBytes, holdings);
  try {
    const { photo, fields } = await readUpload(request, held.bytes);
    const order = parseOrder([...query, ...fields]);
    const inspected = await inspect(photo, order, shelf.choose(order), limits);
    return { ...inspected, release: held.release };
  } catch (error) {
    held.release();
    throw error;
  }
}

async function submitJob(service: Service, exchange: Exchange): Promise<void> {
  const assignment = await receiveAssignment(service, exchange);
  try {
    const job = await service.jobs.submit(assignment);
    exchange.notes.job = job.id;
    const url = `/v1/jobs/${job.id}`;
    exchange.response.setHeader('Location', url);
    sendJson(exchange, 202, { ...job, links: { self: url, result: `${url}/result` } });
  } catch (error) {
    assignment.release();
    throw error;
  }
}

async function showJob({ jobs }: Service, exchange: Exchange): Promise<void> {
  const job = await jobs.find(exchange.captures.id);
  if (!job) throw noSuchJob();
  sendJson(exchange, 200, job);
}

async function removeJob({ jobs }: Service, exchange: Exchange): Promise<void> {
  if (!(await jobs.remove(exchange.captures.id))) throw noSuchJob();
  exchange.response.writeHead(204).end();
}

async function sendJobResult({ jobs }: Service, exchange: Exchange): Promise<void> {
  const { id } = exchange.captures;
  const job = await jobs.find(id);
  if (!job) throw noSuchJob();
  if (job.error) throw new ApiError(409, job.error.code, `the job failed: ${job.error.message}`);
  if (!job.result) {
    const message = `expected a job that is done, got one that is ${job.status}; ask again`;
    throw new ApiError(409, 'not_done', message, { 'Retry-After': '1' });
  }
  await using result = await jobs.openResult(id);
  if (!result) throw noSuchJob();
  await sendResult(exchange, result);
}

function noSuchJob(): ApiError {
  const message = 'expected the id of a job of this server; finished jobs are forgotten in time';
  return new ApiError(404, 'no_such_job', message);
}
