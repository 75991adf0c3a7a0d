// Keeps the app for use without a network, and gives pages of plain static hosting the headers that threads need.
// Nothing outside the app's own folder is ever asked for.

/** What a service worker has and a page's types do not know. */
interface ServiceWorkerEvent extends Event {
  waitUntil(task: Promise<unknown>): void;
}
interface FetchEvent extends ServiceWorkerEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface ServiceWorkerGlobal {
  readonly registration: { readonly scope: string };
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
  addEventListener(
    type: 'install' | 'activate',
    listener: (event: ServiceWorkerEvent) => void,
  ): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
}
declare const self: ServiceWorkerGlobal & typeof globalThis;

/** Written by the build. */
const kept = JSON.parse('__KEPT_FILES__') as { version: string; files: readonly string[] };

const prefix = 'nanosd-app-';
const cacheName = prefix + kept.version;
/** What is kept once it is used: the engine's builds for GPUs, large models. Their names change with them. */
const usedCacheName = 'nanosd-used';

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

self.addEventListener('install', (event) => {
  event.waitUntil(install().then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(removeOldCaches().then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && request.url.startsWith(self.registration.scope)) {
    event.respondWith(respond(request));
  }
});

async function install(): Promise<void> {
  const cache = await caches.open(cacheName);
  // From the browser's own cache only what has its version in its name, and so is not fetched twice.
  const request = (file: string): Request =>
    new Request(file, { cache: /^(assets|ort-[^/]*)\//.test(file) ? 'default' : 'reload' });
  await cache.addAll(kept.files.map(request));
}

async function removeOldCaches(): Promise<void> {
  const old = (name: string): boolean => name.startsWith(prefix) && name !== cacheName;
  await Promise.all((await caches.keys()).filter(old).map((name) => caches.delete(name)));
}

async function respond(request: Request): Promise<Response> {
  const key = request.mode === 'navigate' ? 'index.html' : request;
  const cache = await caches.open(cacheName);
  const found = (await cache.match(key, { ignoreSearch: true })) ?? (await caches.match(request));
  return isolated(found ?? (await fetchAndKeep(request)));
}

async function fetchAndKeep(request: Request): Promise<Response> {
  const response = await fetch(request);
  if (response.ok && /\.(wasm|safetensors)$/.test(new URL(request.url).pathname)) {
    const cache = await caches.open(usedCacheName);
    await cache.put(request, response.clone());
  }
  return response;
}

function isolated(response: Response): Response {
  if (response.type === 'opaque' || response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(isolation)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
