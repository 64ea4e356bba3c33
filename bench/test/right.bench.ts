import { sum } from './sum.ts';

export const bench = sum(1);
