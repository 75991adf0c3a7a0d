import { viewBytes, type Tensor, type Weights } from '../../src/tensor/index.js';

const storages: Readonly<Partial<Record<Tensor['dtype'], string>>> = {
  float32: 'FloatStorage',
  float16: 'HalfStorage',
  int64: 'LongStorage',
};

/** The bytes of a file as torch's `save` writes it: a state dict, in a dict of a training run where `wrapper` is given. */
export function torchFile(weights: Weights, wrapper?: string): Uint8Array {
  const entries = [...weights];
  const members = entries.map(([name, weight], i) => [...text(name), ...tensorOf(weight, i)]);
  const dict = [...ascii('}('), ...members.flat(), ...ascii('u')];
  const run = [...ascii('}('), ...text('global_step'), ...ascii('K\x05')];
  const body = wrapper === undefined ? dict : [...run, ...text(wrapper), ...dict, ...ascii('u')];
  const pickle = [0x80, 2, ...body, ...ascii('.')];
  const files: [string, Uint8Array][] = [['archive/data.pkl', Uint8Array.from(pickle)]];
  entries.forEach(([, { data }], i) => {
    files.push([`archive/data/${i}`, viewBytes('uint8', bytesOf(data))]);
  });
  return zip(files);
}

function bytesOf(data: Tensor['data']): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function ascii(characters: string): number[] {
  return Array.from(characters, (c) => c.charCodeAt(0));
}

function uint32(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
}

function text(value: string): number[] {
  return [...ascii('X'), ...uint32(value.length), ...ascii(value)];
}

function counts(values: readonly number[]): number[] {
  return [...ascii('('), ...values.flatMap((n) => [...ascii('J'), ...uint32(n)]), ...ascii('t')];
}

function tensorOf({ dtype, shape, data }: Tensor, key: number): number[] {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((n, m) => n * m, 1));
  return [
    ...ascii(`ctorch._utils\n_rebuild_tensor_v2\n((`),
    ...text('storage'),
    ...ascii(`ctorch\n${storages[dtype]}\n`),
    ...text(String(key)),
    ...text('cpu'),
    ...ascii('J'),
    ...uint32(data.length),
    ...ascii('tQK\x00'),
    ...counts(shape),
    ...counts(strides),
    ...ascii('\x89ccollections\nOrderedDict\n)RtR'),
  ];
}

/** An archive of files as they are. */
function zip(files: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const parts: number[][] = [];
  const directory: number[][] = [];
  let offset = 0;
  const halfword = (n: number): number[] => [n & 255, n >> 8];
  for (const [name, bytes] of files) {
    const sizes = [...uint32(bytes.length), ...uint32(bytes.length)];
    const common = [
      ...new Array<number>(10).fill(0),
      ...uint32(0),
      ...sizes,
      ...halfword(name.length),
      0,
      0,
    ];
    const local = [0x50, 0x4b, 3, 4, ...common, ...ascii(name), ...bytes];
    const rest = [...new Array<number>(10).fill(0), ...uint32(offset), ...ascii(name)];
    directory.push([0x50, 0x4b, 1, 2, 0, 0, ...common, ...rest]);
    parts.push(local);
    offset += local.length;
  }
  const length = directory.reduce((sum, entry) => sum + entry.length, 0);
  const count = halfword(files.length);
  const end = [
    0x50,
    0x4b,
    5,
    6,
    0,
    0,
    0,
    0,
    ...count,
    ...count,
    ...uint32(length),
    ...uint32(offset),
    0,
    0,
  ];
  return Uint8Array.from([...parts, ...directory, end].flat());
}
