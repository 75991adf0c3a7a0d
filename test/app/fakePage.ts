// What the app's modules ask of a page, without a browser: elements that remember what is done to them.

class FakeElement extends EventTarget {
  hidden = false;
  disabled = false;
  textContent = '';
  value: unknown = '';
  readonly dataset: Record<string, string> = {};
  readonly classList = { toggle: () => false };
  append(): void {}
  replaceChildren(): void {}
  remove(): void {}
  setAttribute(name: string, value: string): void {
    if (name === 'aria-label') elements.set(value, this);
  }
  removeAttribute(): void {}
  getContext(): null {
    return null;
  }
  play(): Promise<void> {
    return Promise.resolve();
  }
  click(): void {
    this.dispatchEvent(new Event('click'));
  }
}

const elements = new Map<string, FakeElement>();

/** The element of the page with this id, or one that was made with this label. */
export function element(id: string): FakeElement {
  const found = elements.get(id) ?? new FakeElement();
  elements.set(id, found);
  return found;
}

const kinds = ['', 'Button', 'Canvas', 'Input', 'Output', 'Progress', 'Select', 'UList', 'Video'];

/** Gives this process a page. */
export function fakePage(): void {
  for (const kind of kinds) Object.assign(globalThis, { [`HTML${kind}Element`]: FakeElement });
  const document = {
    getElementById: element,
    createElement: () => new FakeElement(),
    createElementNS: () => new FakeElement(),
  };
  const createImageBitmap = () => Promise.resolve({ width: 8, height: 6, close: () => undefined });
  Object.assign(globalThis, { document, createImageBitmap, isSecureContext: true });
}
