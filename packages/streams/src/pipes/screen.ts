import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ParseError, RejectLimitError } from '../errors.ts';
import type { Chunk } from './input.ts';
import type { LinkContext } from './operator.ts';
import type { Reader } from './reader.ts';
import type { Refuse, Reject } from './rejects.ts';

/** What is made of an item, or why nothing is. */
type Judgement<O> = StandardSchemaV1.SuccessResult<O> | (StandardSchemaV1.FailureResult & { readonly cause?: unknown });
type Verdict<O> = Judgement<O> | Promise<Judgement<O>>;

interface Screening<O> {
  readonly operator: string;
  /** A method, so that one for items of any type fits: `pipe` has checked them. */
  judge(this: void, item: unknown): Verdict<O>;
  readonly refuse: Refuse;
}

/** Hands on what `judge` makes of each item; the items of which it makes nothing are refused. */
export async function* screen<O>(
  reader: Reader<unknown>,
  { fail }: LinkContext,
  { operator, judge, refuse }: Screening<O>,
): AsyncGenerator<Chunk<O>, void, undefined> {
  for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
    const { items, position } = chunk;
    const good: O[] = [];
    const origins: number[] = [];
    let failure: { readonly error: unknown } | undefined;
    for (let index = 0; index < items.length; index += 1) {
      try {
        const item = items[index];
        let verdict = judge(item);
        if (verdict instanceof Promise) verdict = await verdict;
        if (verdict.issues === undefined) {
          good.push(verdict.value);
          origins.push(index);
        } else {
          const { issues, cause } = verdict;
          const reason = issues.map(describeIssue).join('; ');
          const reject: Reject = { operator, position: position(index), reason, issues, value: item };
          const wait = refuse(cause === undefined ? reject : { ...reject, cause });
          if (wait !== undefined) await wait;
        }
      } catch (error) {
        const ours = error instanceof ParseError || error instanceof RejectLimitError;
        failure = { error: ours ? error : fail(error, position(index)) };
        break;
      }
    }
    // A barrier tells that all before it has been done.
    if (failure === undefined) yield chunk.with(good, origins);
    else {
      if (good.length > 0) yield { ...chunk.with(good, origins), barrier: undefined };
      throw failure.error;
    }
  }
}

function describeIssue({ message, path = [] }: StandardSchemaV1.Issue): string {
  const keys = path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
  return keys.length === 0 ? message : `${keys.map(String).join('.')}: ${message}`;
}
