import { toExpectationSuite } from '../../src/index.ts';
import { Daily, rows } from './contract.ts';

process.stdout.write(JSON.stringify({ rows, suite: toExpectationSuite(Daily).suite }));
