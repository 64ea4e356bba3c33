import { expectTypeOf } from 'vitest';
import { circuitBreaker, type CircuitState, policy, retry } from '../index.ts';

const plain = circuitBreaker();
expectTypeOf(plain.state).toEqualTypeOf<CircuitState>();
plain.isolate();
// @ts-expect-error it has one circuit
plain.isolate('a.example');
// @ts-expect-error it has no keys
plain.stateOf('a.example');
// @ts-expect-error keys are bounded where there are some
circuitBreaker({ maxKeys: 10 });

const byHost = circuitBreaker({ key: (host: string) => host, maxKeys: 10 });
expectTypeOf(byHost.stateOf('a.example')).toEqualTypeOf<CircuitState>();
// @ts-expect-error of which key?
byHost.reset();
// @ts-expect-error of which key?
void byHost.state;
// @ts-expect-error a key is a string
circuitBreaker({ key: (port: number) => port });

const get = policy(retry(), byHost)(async (host: string, path: string) => host + path);
expectTypeOf(get).parameters.toEqualTypeOf<[host: string, path: string]>();
// @ts-expect-error there is no host to make the key from
byHost(async (port: number) => port);
