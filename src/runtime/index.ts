export { DeviceError } from './devices.js';
export { MissingKernelError, type FallbackOptions } from './engine.js';
export { formatBytes, MemoryError } from './memory.js';
