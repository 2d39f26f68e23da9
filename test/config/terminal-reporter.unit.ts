import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { terminalReporter } from '../../src/config/terminal-reporter.js';

describe('reporting to a stream', () => {
  const record = (): { stream: PassThrough; text: () => string } => {
    const chunks: string[] = [];
    const stream = new PassThrough({ encoding: 'utf8' }).on('data', (chunk: string) => chunks.push(chunk));
    return { stream, text: () => chunks.join('') };
  };

  it('writes one line per finished step', () => {
    const { stream, text } = record();
    terminalReporter(stream).line('MongoDB is ready');
    expect(text()).toBe('MongoDB is ready\n');
  });

  it('writes only the first, the occasional and the last line of work under way where there is no terminal', () => {
    const { stream, text } = record();
    const reporter = terminalReporter(stream);
    for (const done of [0, 10_000_000, 20_000_000, 40_000_000, 40_000_000])
      reporter.progress('Downloading', done, 40_000_000);
    expect(text()).toBe('Downloading: 0 % 0.0/40.0 MB\nDownloading: 100 % 40.0/40.0 MB\n');
  });

  it('counts small things in units and leaves out what is unknown', () => {
    const { stream, text } = record();
    const reporter = terminalReporter(stream);
    reporter.progress('Checking', 5, 20);
    reporter.progress('Reading', 7, undefined);
    expect(text()).toBe('Checking: 25 % 5/20\nReading: 7\n');
  });

  it('counts events as events however many they are, with rate and time left once they are known', async () => {
    const { stream, text } = record();
    const reporter = terminalReporter(stream);
    reporter.progress('families: replaying the log', 0, 2_000_000, 'events');
    await sleep(600);
    reporter.progress('families: replaying the log', 2_000_000, 2_000_000, 'events');
    expect(text()).toMatch(
      /^families: replaying the log: 0 % 0\/2,000,000 events\nfamilies: replaying the log: 100 % 2,000,000\/2,000,000 events · [\d,]+ events\/s\n$/,
    );
  });

  it('shows rate and time left in the bar of a terminal', async () => {
    const { stream, text } = record();
    const reporter = terminalReporter(Object.assign(stream, { isTTY: true, columns: 200 }));
    reporter.progress('Comparing', 100, 1_000, 'documents');
    await sleep(600);
    reporter.progress('Comparing', 500, 1_000, 'documents');
    reporter.line('Ended');
    expect(text()).toMatch(/Comparing \[=+-+\] 50% · 500\/1,000 documents · \d+ documents\/s, 1 s left/);
  });
});
