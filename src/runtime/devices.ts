/** Thrown when the device asked for cannot be used here. */
export class DeviceError extends Error {
  constructor(device: string, available: readonly string[], cause?: unknown) {
    const reason = cause instanceof Error ? ` (${cause.message.split('\n')[0]})` : '';
    super(`expected a device of this machine (${available.join(', ')}), got ${device}${reason}`, {
      cause,
    });
    this.name = 'DeviceError';
  }
}
