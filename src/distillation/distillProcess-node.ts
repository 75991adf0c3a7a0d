import { fork } from 'node:child_process';
import type { ChildReply, ChildRequest } from './childProtocol.js';
import type { SurrogateEvent } from './distillEvents.js';
import type { DistillPlan } from './distillPlan.js';
import type { Surrogate } from './surrogate.js';

/** A process that trains. */
export interface DistillProcess {
  /** Trains a group; resolves to false when the process has died of something else than a fault in what it was given. */
  train(surrogates: readonly Surrogate[]): Promise<boolean>;
  /** Saves what is in training; `train` then resolves. */
  stop(): void;
  end(): Promise<void>;
}

export interface DistillListener {
  readonly onEvent: (event: SurrogateEvent) => void;
  readonly onWarning: (message: string) => void;
}

export function startDistillProcess(
  plan: DistillPlan,
  { onEvent, onWarning }: DistillListener,
): DistillProcess {
  const child = fork(new URL('./distill-entry-node.js', import.meta.url), [], {
    execArgv: [],
    // What ONNX Runtime prints is no part of what a command answers.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = new Promise<void>((resolve) => {
    child.on('exit', () => resolve());
    child.on('error', () => resolve());
  });
  const ask = (request: ChildRequest): void => {
    if (child.connected) child.send(request, () => undefined);
  };
  let finish = (_: Error | boolean): void => undefined;
  child.on('message', (reply: ChildReply) => {
    switch (reply.kind) {
      case 'event':
        return onEvent(reply.event);
      case 'warning':
        return onWarning(reply.message);
      case 'idle':
        return finish(true);
      case 'broken':
        return finish(Object.assign(new Error(reply.message), { name: reply.name }));
    }
  });
  void exited.then(() => finish(false));
  ask({ kind: 'open', plan });
  return {
    train(surrogates) {
      return new Promise((resolve, reject) => {
        finish = (result) => (result instanceof Error ? reject(result) : resolve(result));
        ask({ kind: 'train', surrogates });
        if (!child.connected) finish(false);
      });
    },
    stop: () => ask({ kind: 'stop' }),
    async end() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
