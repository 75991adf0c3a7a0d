import { byId } from './dom.js';

/** Says what went wrong, until something else happens. */
export function showNotice(text: string | null): void {
  const notice = byId('notice', HTMLElement);
  notice.hidden = text === null;
  notice.textContent = text ?? '';
}

/** Says something to those who do not see the page. */
export function announce(text: string): void {
  byId('announcement', HTMLElement).textContent = text;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
