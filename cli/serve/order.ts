import { z } from 'zod';
import type { ImageFormat, RestoreFileOptions } from '../../src/node.js';
import { ApiError } from './apiError.js';

/** One parameter of a request, for its check and for the description of the API alike. */
export interface Parameter {
  readonly description: string;
  readonly schema: ParameterSchema;
}

/** In JSON Schema. */
export type ParameterSchema =
  | { readonly type: 'string'; readonly enum?: readonly string[] }
  | { readonly type: 'number' | 'integer'; readonly minimum: number; readonly maximum: number };

const formats = ['png', 'jpeg', 'webp', 'avif', 'tiff', 'gif'] as const;

const side = { type: 'integer', minimum: 1, maximum: 65_535 } as const;

export const parameters = {
  task: { description: 'What to do, such as sr (enlarge).', schema: { type: 'string' } },
  model: { description: 'One of /v1/models.', schema: { type: 'string' } },
  scale: {
    description:
      'Result pixels a side for one of the photo; what the model enlarges by unless given.',
    schema: { type: 'number', minimum: 0.25, maximum: 16 },
  },
  width: { description: 'Width of the result; the height follows.', schema: side },
  height: { description: 'Height of the result; with both, it fits within.', schema: side },
  fidelity: {
    description:
      'For models that say one in /v1/models: 1 does only what is certain, 0 is sharpest; what they say there unless given.',
    schema: { type: 'number', minimum: 0, maximum: 1 },
  },
  format: {
    description: 'Format of the result; what the photo is (PNG for BMP) unless given.',
    schema: { type: 'string', enum: [...formats, 'jpg', 'tif'] },
  },
  quality: {
    description: 'For JPEG, WebP and AVIF; 95 unless given.',
    schema: { type: 'integer', minimum: 1, maximum: 100 },
  },
  metadata: {
    description: 'Whether EXIF, XMP, IPTC and comments stay; they do unless this is strip.',
    schema: { type: 'string', enum: ['keep', 'strip'] },
  },
} as const satisfies Readonly<Record<string, Parameter>>;

/** What is to be done to a photo. */
export interface Order {
  readonly task?: string;
  readonly model?: string;
  readonly format?: ImageFormat;
  readonly options: Pick<
    RestoreFileOptions,
    'scale' | 'width' | 'height' | 'fidelity' | 'quality' | 'metadata'
  >;
}

const text = z.string().max(100);
const digits = z.string().regex(/^\d{1,9}(\.\d{1,9})?$/);

function numberIn({ type, minimum, maximum }: Extract<ParameterSchema, { minimum: number }>) {
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  const error = `expected ${kind} from ${minimum} to ${maximum}`;
  const number = type === 'integer' ? z.int() : z.number();
  return z.string().transform((value, context) => {
    const parsed = number.min(minimum).max(maximum).safeParse(Number(value));
    if (digits.safeParse(value).success && parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: error });
    return z.NEVER;
  });
}

const names: Readonly<Record<string, ImageFormat>> = {
  ...Object.fromEntries(formats.map((name) => [name, name])),
  ...{ jpg: 'jpeg', tif: 'tiff' },
};

const format = z.string().transform((value, context) => {
  const name = value.toLowerCase();
  if (Object.hasOwn(names, name)) return names[name];
  context.addIssue({ code: 'custom', message: `expected one of ${formats.join(', ')}` });
  return z.NEVER;
});

const schema = z.strictObject({
  task: text.optional(),
  model: text.optional(),
  scale: numberIn(parameters.scale.schema).optional(),
  width: numberIn(parameters.width.schema).optional(),
  height: numberIn(parameters.height.schema).optional(),
  fidelity: numberIn(parameters.fidelity.schema).optional(),
  format: format.optional(),
  quality: numberIn(parameters.quality.schema).optional(),
  metadata: z.enum(['keep', 'strip'], 'expected keep or strip').optional(),
});

/**
 * What the parameters of a URL and the fields of a form ask for.
 * @throws ApiError naming all that is wrong.
 */
export function parseOrder(given: Iterable<readonly [name: string, value: string]>): Order {
  const values = new Map<string, string>();
  for (const [name, value] of given) {
    if (values.has(name)) throw badParameters([`${clip(name)}: expected it once, got it twice`]);
    values.set(name, value);
  }
  const parsed = schema.safeParse(Object.fromEntries(values));
  if (!parsed.success) throw badParameters(parsed.error.issues.map((issue) => tell(issue, values)));
  const { task, model, format: asked, ...options } = parsed.data;
  if (options.scale !== undefined && (options.width ?? options.height) !== undefined) {
    throw badParameters(['scale: expected it without width and height, got both']);
  }
  return {
    ...(task !== undefined && { task }),
    ...(model !== undefined && { model }),
    ...(asked !== undefined && { format: asked }),
    options: withoutUndefined(options),
  };
}

function withoutUndefined<T extends object>(options: T) {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function tell(issue: z.core.$ZodIssue, values: ReadonlyMap<string, string>): string {
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(parameters).join(', ');
    return `${issue.keys.map(clip).join(', ')}: expected one of the parameters ${known}`;
  }
  const name = String(issue.path[0]);
  return `${name}: ${issue.message}, got ${clip(values.get(name) ?? '')}`;
}

function badParameters(problems: readonly string[]): ApiError {
  return new ApiError(400, 'bad_parameter', problems.join('; '));
}

/** What clients send is quoted, but not at any length. */
function clip(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}
