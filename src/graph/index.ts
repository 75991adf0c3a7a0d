export * from "./builder.js";
export * from "./differentiate.js";
export * from "./executor.js";
export * from "./infer.js";
export * from "./ir.js";
export * from "./operators.js";
export * from "./resample.js";
