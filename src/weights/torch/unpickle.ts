// A reader of Python's pickles (protocols 0 to 5, as far as torch writes them) that knows the words of weight files and no
// other. A pickle is a program for a small stack machine; the operations that could reach beyond it give values of our own here.

import { WeightsError } from '../errors.js';
import { Opaque, PickleDict, PickleTuple, type PickleValue } from './pickleValues.js';
import { callGlobal, findGlobal, storageOf } from './vocabulary.js';

/** Nothing that weights need is longer: what fills a checkpoint lies outside its pickle. */
export const longestPickle = 16 * 2 ** 20;

/** Tuples, lists and dicts inside one another while they are being built. */
const DEEPEST_MARKS = 1000;
/** What each leaves behind is larger than itself. */
const MOST_OPERATIONS = 4_000_000;

export interface Unpickled {
  readonly value: PickleValue;
  /** Where the pickle ends in the bytes. */
  readonly end: number;
}

/**
 * Reads the pickle that begins at `start`.
 * @throws WeightsError for anything that is no pickle of weights, by name. Nothing that it names is loaded or run.
 */
export function unpickle(bytes: Uint8Array, start = 0): Unpickled {
  if (bytes.length > longestPickle) {
    throw new WeightsError(
      `expected a pickle of at most ${longestPickle} bytes, got ${bytes.length}`,
    );
  }
  return new Unpickler(bytes, start).run();
}

/** What a mark begins is kept in a stack of its own, so that no value can be taken for a mark. */
class Unpickler {
  private stack: PickleValue[] = [];
  private readonly marks: PickleValue[][] = [];
  private readonly memo = new Map<number, PickleValue>();
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private position: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): Unpickled {
    for (let count = 0; count < MOST_OPERATIONS; count++) {
      const at = this.position;
      const code = String.fromCharCode(this.bytes[this.take(1)]);
      if (code === '.') return { value: this.pop(), end: this.position };
      const operation = Object.hasOwn(operations, code) ? operations[code] : undefined;
      if (!operation) {
        const shown = code.charCodeAt(0).toString(16).padStart(2, '0');
        throw new WeightsError(
          `expected a pickle of weights, got operation 0x${shown} at byte ${at}`,
        );
      }
      operation(this);
    }
    throw new WeightsError(`expected at most ${MOST_OPERATIONS} operations in the pickle`);
  }

  /** Where the next `length` bytes begin; they are passed over. */
  take(length: number): number {
    const at = this.position;
    if (length > this.bytes.length - at) {
      throw new WeightsError(
        `the pickle ends after ${this.bytes.length} bytes, in the middle of a value`,
      );
    }
    this.position += length;
    return at;
  }

  uint8(): number {
    return this.bytes[this.take(1)];
  }
  uint16(): number {
    return this.view.getUint16(this.take(2), true);
  }
  int32(): number {
    return this.view.getInt32(this.take(4), true);
  }
  uint32(): number {
    return this.view.getUint32(this.take(4), true);
  }
  uint64(): number {
    const value = this.view.getBigUint64(this.take(8), true);
    return value > 2n ** 53n ? Infinity : Number(value);
  }
  float64(): number {
    return this.view.getFloat64(this.take(8), false);
  }

  slice(length: number): Uint8Array {
    const at = this.take(length);
    return this.bytes.subarray(at, at + length);
  }

  text(length: number): string {
    return new TextDecoder().decode(this.slice(length));
  }

  latin1(length: number): string {
    return new TextDecoder('latin1').decode(this.slice(length));
  }

  /** Up to the end of the line. */
  line(): string {
    const end = this.bytes.indexOf(10, this.position);
    const text = this.text((end === -1 ? this.bytes.length : end) - this.position);
    this.take(1);
    return text;
  }

  /** A whole number in two's complement, the lowest byte first. */
  long(length: number): number | bigint {
    if (length > 64) throw new WeightsError(`expected a number of at most 64 bytes, got ${length}`);
    const bytes = this.slice(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
    return plainNumber(BigInt.asIntN(Math.max(1, length * 8), value));
  }

  push(value: PickleValue): void {
    this.stack.push(value);
  }

  pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined) throw new WeightsError('the pickle takes a value from an empty stack');
    return value;
  }

  top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined) throw new WeightsError('the pickle changes a value of an empty stack');
    return value;
  }

  mark(): void {
    if (this.marks.length >= DEEPEST_MARKS) {
      throw new WeightsError(`expected at most ${DEEPEST_MARKS} levels of nesting in the pickle`);
    }
    this.marks.push(this.stack);
    this.stack = [];
  }

  /** What has been pushed since the last mark. */
  popMark(): PickleValue[] {
    const outer = this.marks.pop();
    if (!outer) throw new WeightsError('the pickle ends a list that it has not begun');
    const items = this.stack;
    this.stack = outer;
    return items;
  }

  remember(index: number): void {
    this.memo.set(index, this.top());
  }

  rememberNext(): void {
    this.memo.set(this.memo.size, this.top());
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined)
      throw new WeightsError(`the pickle repeats value ${index}, which it does not have`);
    this.push(value);
  }
}

type Operation = (machine: Unpickler) => void;

function plainNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function decimal(text: string): number | bigint {
  const digits = text.replace(/L$/, '');
  if (!/^\s*[+-]?\d{1,40}\s*$/.test(digits))
    throw new WeightsError('expected a whole number in the pickle');
  return plainNumber(BigInt(digits.trim().replace(/^\+/, '')));
}

function tuple(count: number): Operation {
  return (m) => {
    const items: PickleValue[] = [];
    for (let i = 0; i < count; i++) items.unshift(m.pop());
    m.push(new PickleTuple(items));
  };
}

function setItems(target: PickleValue, items: readonly PickleValue[]): void {
  if (target instanceof Opaque) return;
  if (!(target instanceof PickleDict) || items.length % 2 !== 0) {
    throw new WeightsError('the pickle sets the members of something that is no dict');
  }
  for (let i = 0; i < items.length; i += 2) target.members.set(items[i], items[i + 1]);
}

function append(target: PickleValue, items: readonly PickleValue[]): void {
  if (!Array.isArray(target))
    throw new WeightsError('the pickle appends to something that is no list');
  for (const item of items) target.push(item);
}

/** State that objects are given besides: torch hangs `_metadata` on a state dict; weights need none of it. */
function build(m: Unpickler): void {
  m.pop();
  const target = m.top();
  if (target instanceof PickleDict || target instanceof Opaque) return;
  throw new WeightsError('the pickle sets the state of something that is no dict');
}

function reduce(m: Unpickler): void {
  const args = m.pop();
  const callee = m.pop();
  if (!(args instanceof PickleTuple)) throw new WeightsError('the pickle calls without a tuple');
  m.push(callGlobal(callee, args.items));
}

function global(m: Unpickler): void {
  const module = m.line();
  m.push(findGlobal(module, m.line()));
}

function stackGlobal(m: Unpickler): void {
  const name = m.pop();
  const module = m.pop();
  if (typeof name !== 'string' || typeof module !== 'string') {
    throw new WeightsError('the pickle asks for a name that is no text');
  }
  m.push(findGlobal(module, name));
}

/** Text of protocol 0 in quotes; with an escape it is none of torch's. */
function quoted(m: Unpickler): void {
  const text = m.line();
  if (!/^'[^\\]*'$|^"[^\\]*"$/.test(text))
    throw new WeightsError('expected a plain text in the pickle');
  m.push(text.slice(1, -1));
}

/** By the byte that names them in a pickle; the comments of Python's `pickletools` say what each does. */
const operations: Readonly<Record<string, Operation>> = {
  '\x80': (m) => {
    const protocol = m.uint8();
    if (protocol > 5)
      throw new WeightsError(`expected a pickle of protocol 0 to 5, got ${protocol}`);
  },
  '\x95': (m) => void m.take(8),
  '(': (m) => m.mark(),
  '0': (m) => void m.pop(),
  '1': (m) => void m.popMark(),
  '2': (m) => m.push(m.top()),
  N: (m) => m.push(null),
  '\x88': (m) => m.push(true),
  '\x89': (m) => m.push(false),
  I: (m) => {
    const text = m.line();
    m.push(text === '01' ? true : text === '00' ? false : decimal(text));
  },
  L: (m) => m.push(decimal(m.line())),
  F: (m) => m.push(Number(m.line())),
  J: (m) => m.push(m.int32()),
  K: (m) => m.push(m.uint8()),
  M: (m) => m.push(m.uint16()),
  G: (m) => m.push(m.float64()),
  '\x8a': (m) => m.push(m.long(m.uint8())),
  '\x8b': (m) => m.push(m.long(m.uint32())),
  S: quoted,
  V: (m) => m.push(m.line()),
  X: (m) => m.push(m.text(m.uint32())),
  '\x8c': (m) => m.push(m.text(m.uint8())),
  '\x8d': (m) => m.push(m.text(m.uint64())),
  T: (m) => m.push(m.latin1(m.uint32())),
  U: (m) => m.push(m.latin1(m.uint8())),
  B: (m) => m.push(m.slice(m.uint32())),
  C: (m) => m.push(m.slice(m.uint8())),
  '\x8e': (m) => m.push(m.slice(m.uint64())),
  ')': tuple(0),
  '\x85': tuple(1),
  '\x86': tuple(2),
  '\x87': tuple(3),
  t: (m) => m.push(new PickleTuple(m.popMark())),
  ']': (m) => m.push([]),
  l: (m) => m.push(m.popMark()),
  a: (m) => {
    const item = m.pop();
    append(m.top(), [item]);
  },
  e: (m) => {
    const items = m.popMark();
    append(m.top(), items);
  },
  '}': (m) => m.push(new PickleDict()),
  d: (m) => {
    const dict = new PickleDict();
    setItems(dict, m.popMark());
    m.push(dict);
  },
  s: (m) => {
    const value = m.pop();
    const key = m.pop();
    setItems(m.top(), [key, value]);
  },
  u: (m) => {
    const items = m.popMark();
    setItems(m.top(), items);
  },
  p: (m) => m.remember(Number(m.line())),
  q: (m) => m.remember(m.uint8()),
  r: (m) => m.remember(m.uint32()),
  '\x94': (m) => m.rememberNext(),
  g: (m) => m.recall(Number(m.line())),
  h: (m) => m.recall(m.uint8()),
  j: (m) => m.recall(m.uint32()),
  c: global,
  '\x93': stackGlobal,
  R: reduce,
  '\x81': reduce,
  b: build,
  Q: (m) => m.push(storageOf(m.pop())),
};
