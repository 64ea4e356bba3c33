import { strictEqual } from 'node:assert/strict';
import { instrument } from '@dataenginex/core';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { benchmark } from '../../src/benchmark.ts';

const increment = async (n: number): Promise<number> => n + 1;

export const bench = benchmark({
  title: 'A span around an async call, with no SDK registered',
  about: 'One operation is an awaited call of an async function that adds 1, in a span that would record its error.',
  baseline: 'plain async call',
  subjects: {
    'plain async call': () => ({
      run: async (n) => {
        let sum = 0;
        while (sum < n) sum = await increment(sum);
        return sum;
      },
    }),
    '@opentelemetry/api by hand': () => {
      const tracer = trace.getTracer('bench');
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) {
            sum = await tracer.startActiveSpan('increment', async (span) => {
              try {
                return await increment(sum);
              } catch (error) {
                span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
                throw error;
              } finally {
                span.end();
              }
            });
          }
          return sum;
        },
      };
    },
    '@dataenginex/core withSpan': () => {
      const telemetry = instrument('bench');
      return {
        run: async (n) => {
          let sum = 0;
          while (sum < n) sum = await telemetry.withSpan('increment', {}, () => increment(sum));
          return sum;
        },
      };
    },
  },
  check: strictEqual,
});
