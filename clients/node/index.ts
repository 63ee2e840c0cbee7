export { type DataItem, type DataStreamOptions, dataStream } from './data-stream.js';
export { createNativeClient, type NativeClientOptions } from './native-client.js';
export { type ResilientStreamOptions, resilientStream } from './resilient-stream.js';
export { StreamError } from './stream-error.js';
