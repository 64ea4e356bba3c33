export { sqliteHistory } from './history/sqlite-history.ts';
