export type { Fault, FaultShares } from './testing/faults.ts';
export { createRecorder, type Recorder, type RecorderOptions, UnrecordedRequestError } from './testing/recorder.ts';
export {
  type FaultyServer,
  type FaultyServerOptions,
  type ServedRequest,
  type ServerReply,
  startFaultyServer,
} from './testing/server.ts';
