import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const built = fileURLToPath(new URL('../../dist/src/node.js', import.meta.url));

/** What a script of the compiled package writes, in an environment without graphics drivers. */
function run(script: string): { stdout: string; stderr: string } {
  const args = [
    '--input-type=module',
    '--eval',
    `const nanosd = await import('${built}');${script}`,
  ];
  const env = { ...process.env, VK_ICD_FILENAMES: '/nonexistent', VK_DRIVER_FILES: '/nonexistent' };
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  return { stdout, stderr };
}

const errorOf = (device: string): { stdout: string; stderr: string } =>
  run(`try { nanosd.createNodeExecutor({ device: '${device}' }); } catch (error) {
    console.log(error.name + ': ' + error.message); }`);

describe('devices', { timeout: 60_000 }, () => {
  it('are those that can be used, found without a word on stderr', () => {
    const { stdout, stderr } = run('console.log(nanosd.listNodeDevices().join())');
    expect(stderr).toBe('');
    expect(stdout.trim().split(',')).toContain('cpu');
    expect(stdout).not.toContain('webgpu');
  });

  it.each([
    ['abacus', 'not in this build of ONNX Runtime'],
    ['webgpu', 'Failed to get a WebGPU adapter: No supported adapters'],
  ])('are listed in one line when %s is asked for', (device, reason) => {
    const { stdout, stderr } = errorOf(device);
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^DeviceError: expected a device of this machine \(cpu.*\), got /),
    ]);
    expect(stdout).toContain(`got ${device} (${reason})`);
  });
});
