export { DexError, OptionError } from './errors.ts';
export { checkFunction, checkInteger, checkNumber, checkOneOf, type Range } from './options.ts';
export { instrument, type Instrumentation } from './telemetry.ts';
