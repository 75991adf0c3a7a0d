export { DeviceError } from './devices.js';
export { MissingKernelError, type FallbackOptions } from './engine.js';
