import { DexError } from '@dataenginex/core';
import { QualityError } from '@dataenginex/quality';
import { runService, type Service } from '@dataenginex/resources';
import { OperatorError } from '@dataenginex/streams';
import { DataFolder } from './data-folder.ts';
import { type Options, readOptions, usage, UsageError } from './options.ts';
import { type Page, servePage } from './page/server.ts';
import { runPipeline } from './pipeline.ts';
import { Progress } from './progress.ts';
import { openSource } from './source.ts';
import { showProgress, summarize } from './terminal.ts';

async function runWeather(options: Options, service: Service): Promise<void> {
  const { scope, signal } = service;
  const progress = new Progress(options.live ? 'live' : 'replay');
  const page = options.once ? undefined : await scope.use(servePage(progress, { port: options.port, signal }));
  const stopAsked = service.ready();
  if (page) {
    const taken = options.port !== 0 && page.port !== options.port ? ` (port ${options.port} is taken)` : '';
    console.log(`Weather fills in at ${page.url}${taken}\n`);
  }

  try {
    const source = await scope.use(openSource(options, progress, signal));
    const folder = await DataFolder.open(options.dataFolder);
    using _shown = showProgress(progress, process.stdout);
    await runPipeline({ ...source, folder, progress, signal });
    progress.finish();
  } catch (error) {
    progress.fail(error instanceof Error ? error.message : String(error));
    const { done, total } = progress.run().months;
    if (signal.aborted) console.log(`Stopped at ${done} of ${total} months; the next run goes on from there.`);
    // What was found in the data is worth a look; what else failed is not on the page.
    if (page && isAboutData(error)) {
      console.log(`${explain(error)}\n`);
      await serveUntilStopped(page, stopAsked, service);
    }
    throw error;
  }

  console.log(summarize(progress, options.dataFolder));
  if (page) await serveUntilStopped(page, stopAsked, service);
}

async function serveUntilStopped(page: Page, stopAsked: Promise<void>, { draining }: Service): Promise<void> {
  if (draining.aborted) return;
  console.log(`Look at it: ${page.url} (Ctrl-C ends it)`);
  await stopAsked;
  await page.close(); // lets its readers finish
}

function isAboutData(error: unknown): boolean {
  return error instanceof QualityError || (error instanceof OperatorError && error.cause instanceof QualityError);
}

/** What failed, and why as far down as it is known; the stack only of what should not happen at all. */
function explain(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}\n\n${usage}`;
  if (error instanceof OperatorError && error.cause instanceof Error) return explain(error.cause);
  if (error instanceof DexError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(usage);
  else await runService((service) => runWeather(options, service), { removalMs: 0 }); // behind no load balancer
} catch (error) {
  process.stderr.write(`\nweather: ${explain(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
