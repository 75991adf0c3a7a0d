import { parameters } from './order.js';
import type { Service } from './service.js';

/** What a server does, for programs. */
export function indexJson({ version, limits, shelf }: Service) {
  return {
    name: 'nanosd',
    version,
    models: shelf.restorers.map(({ model }) => model.name),
    limits: {
      bytes: limits.maxBytes,
      pixels: limits.maxPixels,
      resultPixels: limits.maxResultPixels,
    },
    links: {
      restore: '/v1/restore',
      jobs: '/v1/jobs',
      models: '/v1/models',
      openapi: '/openapi.json',
      health: '/healthz',
      ready: '/readyz',
      metrics: '/metrics',
    },
  };
}

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}' +
  'code,pre{font:14px/1.5 ui-monospace,monospace}pre{overflow-x:auto}td,th{text-align:left;padding:.1rem 1rem .1rem 0;vertical-align:top}';

/** The same for people. */
export function indexPage(service: Service): string {
  const { version, limits, shelf } = service;
  const models = shelf.restorers.map(
    ({ model, scale, device }) =>
      `<tr><td><code>${escape(model.name)}</code><td>${escape(model.task)}<td>×${scale}<td>${escape(device)}`,
  );
  const rows = Object.entries(parameters).map(
    ([name, { description }]) => `<tr><td><code>${name}</code><td>${escape(description)}`,
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>nanosd serve</title><style>${style}</style>
<h1>nanosd serve</h1>
<p>Restores photos. Version ${escape(version)}.</p>
<pre>curl --data-binary @photo.jpg -o large.png 'http://HOST/v1/restore?scale=2&amp;format=png'</pre>
<p>Photos of at most ${limits.maxBytes / 1e6} MB and ${limits.maxPixels / 1e6} megapixels, results of at most
${limits.maxResultPixels / 1e6} megapixels. Long ones go to <code>/v1/jobs</code>.
All of it is described in <a href="/openapi.json">openapi.json</a>.</p>
<table><tr><th>model<th>task<th>scale<th>device${models.join('')}</table>
<table><tr><th>parameter<th>${rows.join('')}</table>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
