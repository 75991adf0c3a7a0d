import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Host, RemoteReply } from './remote.js';

export interface ExecutorProcess extends Disposable {
  readonly host: Host;
}

/** A process of its own for an executor, for what must be set before a process starts. */
export function openProcess(device: string, env: NodeJS.ProcessEnv): ExecutorProcess {
  const entry = fileURLToPath(new URL('./executorProcess.ts', import.meta.url));
  const child = fork(entry, [device], {
    env,
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
  });
  const waiting = new Map<number, (replies: RemoteReply[]) => void>();
  let asked = 0;
  child.on('message', ({ id, replies }: { id: number; replies: RemoteReply[] }) => {
    waiting.get(id)?.(replies);
    waiting.delete(id);
  });
  child.on('exit', (code) => {
    const message = `the process ended (exit code ${code})`;
    for (const settle of waiting.values()) settle([{ ok: false, message }]);
  });
  return {
    host: (requests) =>
      new Promise((resolve) => {
        waiting.set(asked, resolve);
        child.send({ id: asked++, requests });
      }),
    [Symbol.dispose]: () => void child.kill(),
  };
}
