// The process that tests one device.
import process from 'node:process';
import { testNodeDevice, type DeviceTestRequest } from './testDevice-node.js';

process.once('message', (request) => {
  const { model, device, expected } = request as DeviceTestRequest;
  void testNodeDevice(model, device, expected ?? undefined).then((result) => {
    // A driver's own threads may keep the process alive.
    process.send?.(result, () => process.exit());
  });
});
