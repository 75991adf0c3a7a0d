/** Thrown when the device asked for cannot be used here; lists those that can. */
export class DeviceError extends Error {
  constructor(device: string, available: readonly string[], cause?: unknown) {
    const reason = cause instanceof Error ? ` (${reasonOf(cause)})` : '';
    super(`expected a device of this machine (${available.join(', ')}), got ${device}${reason}`, {
      cause,
    });
    this.name = 'DeviceError';
  }
}

/** What went wrong, without the place in ONNX Runtime's sources and the failed condition before it. */
export function reasonOf({ message }: Error): string {
  const [line] = message.split('\n');
  return line.replace(/^.*? was false\. /, '').replace(/^no available backend found\. ERR: /, '');
}
