// ONNX Runtime for Linux and Windows reports its use to its makers from the moment it is loaded, unless this variable says otherwise.
// Photos' owners were promised that nothing leaves their machine. It must come before the engine is loaded, in the main
// thread: threads have an environment of their own that native code does not see.
process.env.ORT_DISABLE_TELEMETRY ??= '1';
