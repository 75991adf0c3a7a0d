/** How far the app is kept for use without a network. */
export type OfflineState = 'unsupported' | 'saving' | 'ready';

const reloadedKey = 'nanosd-reloaded';

/**
 * Registers the service worker and tells what it has kept. On hosting that sends no isolation headers, the worker adds
 * them, for which an unused page is loaded once more.
 */
export async function keepForOffline(
  onState: (state: OfflineState) => void,
  isUnused: () => boolean,
): Promise<void> {
  if (!('serviceWorker' in navigator)) {
    onState('unsupported');
    return;
  }
  onState('saving');
  try {
    await navigator.serviceWorker.register('./serviceWorker.js');
    await navigator.serviceWorker.ready;
    onState('ready');
  } catch {
    onState('unsupported');
    return;
  }
  if (crossOriginIsolated || sessionStorage.getItem(reloadedKey) || !isUnused()) return;
  sessionStorage.setItem(reloadedKey, 'yes');
  location.reload();
}
