import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, busy, ClientGone } from './apiError.js';

/** Bytes of bodies that are in memory, over all requests. */
export interface Holdings {
  readonly bytes: number;
  /** @throws ApiError when that would be too many. */
  take(bytes: number): void;
  give(bytes: number): void;
}

/** Seconds after which a client whose body found no memory may try again. */
const MEMORY_WAIT = 5;

export function createHoldings(limit: number): Holdings {
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    take(more) {
      if (bytes + more > limit) {
        throw busy(MEMORY_WAIT, `expected at most ${limit} bytes of uploads at a time`);
      }
      bytes += more;
    },
    give(back) {
      bytes -= back;
    },
  };
}

/** A body in memory; `release` gives its bytes back to the holdings. */
export interface Held {
  readonly bytes: Uint8Array;
  readonly release: () => void;
}

/**
 * Reads a request's body to its end.
 * @throws ApiError when it is longer than allowed, or not plain bytes; ClientGone when it breaks off.
 */
export async function receiveBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
  holdings: Holdings,
): Promise<Held> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    const message = `expected a body without Content-Encoding, got ${encoding}`;
    throw new ApiError(415, 'unsupported_encoding', message);
  }
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) throw tooLong(limit, announced);
  // Who asks whether to send has been told no by now, if it is no.
  if (request.headers.expect !== undefined) response.writeContinue();
  const held = { bytes: 0 };
  const release = (): void => {
    holdings.give(held.bytes);
    held.bytes = 0;
  };
  try {
    const bytes = await collect(request, (length) => {
      if (held.bytes + length > limit) throw tooLong(limit);
      holdings.take(length);
      held.bytes += length;
    });
    return { bytes, release };
  } catch (error) {
    release();
    throw error;
  }
}

async function collect(
  request: IncomingMessage,
  admit: (bytes: number) => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    // Destroyed on the way out, the connection would carry no answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Uint8Array;
      admit(bytes.length);
      chunks.push(bytes);
    }
  } catch (error) {
    throw error instanceof ApiError ? error : new ClientGone();
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}

function tooLong(limit: number, got?: number): ApiError {
  const found = got === undefined ? 'more' : `${got}`;
  const message = `expected a body of at most ${limit} bytes, got ${found}`;
  return new ApiError(413, 'too_many_bytes', `${message}; send a smaller file`);
}

/** A photo, and what was asked for beside the URL. */
export interface Upload {
  readonly photo: Uint8Array;
  /** Fields of a form. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** The last is what `curl --data-binary` calls whatever it sends; that it is an image, its own bytes tell. */
const rawTypes = /^(image\/[\w.+-]+|application\/octet-stream|application\/x-www-form-urlencoded)$/;

/** @throws ApiError for a type that holds no photo; the body has not been looked at. */
export function checkContentType(request: IncomingMessage): void {
  const type = mediaType(request);
  if (type === undefined || rawTypes.test(type) || type === 'multipart/form-data') return;
  throw new ApiError(
    415,
    'unsupported_type',
    `expected Content-Type image/*, application/octet-stream or multipart/form-data, got ${type.slice(0, 80)}`,
  );
}

function mediaType({ headers }: IncomingMessage): string | undefined {
  return headers['content-type']?.split(';')[0].trim().toLowerCase();
}

/** @throws ApiError when a form is malformed or has no photo. */
export async function readUpload(request: IncomingMessage, body: Uint8Array): Promise<Upload> {
  if (mediaType(request) !== 'multipart/form-data') return { photo: body, fields: [] };
  const form = await parseForm(request.headers['content-type'] ?? '', body);
  const fields: [string, string][] = [];
  const photos: Blob[] = [];
  for (const [name, value] of form) {
    if (typeof value === 'string') fields.push([name, value]);
    else photos.push(value);
  }
  if (photos.length !== 1) {
    throw new ApiError(400, 'bad_form', `expected one file in the form, got ${photos.length}`);
  }
  return { photo: new Uint8Array(await photos[0].arrayBuffer()), fields };
}

async function parseForm(contentType: string, body: Uint8Array): Promise<FormData> {
  try {
    const headers = { 'content-type': contentType };
    return await new Response(new Uint8Array(body), { headers }).formData();
  } catch {
    throw new ApiError(400, 'bad_form', 'expected multipart/form-data, got something malformed');
  }
}
