export { DeviceError } from './devices.js';
