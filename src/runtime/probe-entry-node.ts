// A process that tries a device: exits with 0 where it works, else writes why not and exits with 1.
import { GraphBuilder } from '../graph/index.js';
import { float32 } from '../tensor/index.js';
import { createNodeEngine } from './engine-node.js';
import { engineExecutor } from './engine.js';

const device = process.argv[2];

async function tryDevice(): Promise<void> {
  const builder = new GraphBuilder();
  const x = builder.input('x', [2]);
  const graph = builder.build({ y: builder.add(x, x) });
  const session = await engineExecutor(device, createNodeEngine({ device })).load(graph, new Map());
  await session.run({ x: float32([2], [1, 2]) });
}

tryDevice().catch((error: unknown) => {
  process.stdout.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
