export * from './cutUnet.js';
export * from './foldPromptEmbeddings.js';
export * from './inheritUnet.js';
export * from './narrowUnet.js';
export * from './spaceCost.js';
export * from './stages.js';
export * from './unetAxes.js';
