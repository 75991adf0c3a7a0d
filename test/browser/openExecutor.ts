import type { Executor } from '../../src/graph/index.js';
import type { WebExecutorOptions } from '../../src/web.js';
import { remoteExecutor, type OnFallback } from '../executors/remote.js';
import type { OpenPage } from './chromium.js';
import type { PageApi } from './page.js';

declare global {
  /** What the page under test offers. */
  var nanosd: PageApi;
}

/** An executor of the page, as seen from here. */
export async function openExecutor(
  { page }: OpenPage,
  device: string,
  options: WebExecutorOptions,
  onFallback?: OnFallback,
): Promise<Executor> {
  const host = await page.evaluate((given) => nanosd.open(given), { ...options, device });
  return remoteExecutor(
    device,
    (requests) => page.evaluate(([id, asked]) => nanosd.ask(id, asked), [host, requests] as const),
    onFallback,
  );
}
