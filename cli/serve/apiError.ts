/** An answer that says no. The message says what was expected, what came, and what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    /** For programs: it stays what it is when the words change. */
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** Who asked has gone, so nobody will hear of this. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';

  constructor() {
    super('the client has gone');
  }
}

/** By name: to import the classes would load the engine for `--help`. */
const codes: Readonly<Record<string, readonly [status: number, code: string]>> = {
  ImageFileError: [422, 'bad_image'],
  MemoryError: [413, 'too_much_memory'],
  DiskFullError: [503, 'disk_full'],
};

/** What is answered after a failure of any kind; faults of the program are 500 and tell nothing of it. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof Error) {
    const message = error.message.split('\n')[0];
    if (Object.hasOwn(codes, error.name)) {
      const [status, code] = codes[error.name];
      return new ApiError(status, code, message);
    }
    // The library's own range errors say what they expected; the language's do not.
    if (error instanceof RangeError && message.startsWith('expected')) {
      return new ApiError(400, 'bad_parameter', message);
    }
  }
  return new ApiError(500, 'internal', 'the server failed; its log says how');
}

/** An answer to come back later, for whatever reason. */
export function busy(seconds: number, reason: string): ApiError {
  const wait = Math.max(1, Math.ceil(seconds));
  return new ApiError(429, 'busy', `${reason}; try again in ${wait} s`, {
    'Retry-After': `${wait}`,
  });
}

/** The answer of a server that is about to end. */
export function stopping(): ApiError {
  const message = 'the server is stopping; try again, or try another one';
  return new ApiError(503, 'stopping', message, { 'Retry-After': '5', Connection: 'close' });
}
