// npm run bench -- NAME: every claim about speed has a number from here.

/** One file each; what a bench prints says what it measured. */
const benches: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  restore: async (args) => (await import('./restore.js')).benchRestore(args),
  startup: async () => (await import('./startup.js')).benchStartup(),
  seams: async (args) => (await import('./seams.js')).benchSeams(args),
  large: async (args) => (await import('./large.js')).benchLarge(args),
  train: async () => (await import('./train.js')).benchTrain(),
  losses: async (args) => (await import('./losses.js')).benchLosses(args),
  data: async () => (await import('./data.js')).benchData(),
  sd15: async (args) => (await import('./sd15.js')).benchSd15(args),
  search: async (args) => (await import('./search.js')).benchSearch(args),
  space: async () => (await import('./space.js')).benchSpace(),
  distill: async (args) => (await import('./distill.js')).benchDistill(args),
  'pipeline-sd15': async (args) => (await import('./pipelineSd15.js')).benchPipelineSd15(args),
  web: async (args) => (await import('./web.js')).benchWeb(args),
  correlation: async (args) => (await import('./correlation.js')).benchCorrelation(args),
  quality: async (args) => (await import('./quality.js')).benchQuality(args),
  'conv-gradient': async () => (await import('./convGradient.js')).benchConvGradient(),
};

const [name = '', ...args] = process.argv.slice(2);
if (Object.hasOwn(benches, name)) {
  await benches[name](args);
} else {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')}`);
  process.exitCode = 2;
}
