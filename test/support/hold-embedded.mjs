// A process like the service: starts or joins the embedded MongoDB of a folder, says so on standard output in one
// line of JSON, and releases it when its standard input ends.
import { loadConfiguration } from '../../dist/config/configuration.js';
import { startEmbedded } from '../../dist/database/embedded/start-embedded.js';

const lines = [];
const reporter = { line: (text) => lines.push(text), progress: () => undefined };
try {
  const configuration = loadConfiguration({ ...process.env, DATA_DIR: process.argv[2] });
  const mongod = await startEmbedded({ configuration, env: process.env, reporter });
  const { port, pid, adopted, rootUri, version } = mongod;
  process.stdout.write(`${JSON.stringify({ port, pid, adopted, rootUri, version, lines })}\n`);
  process.stdin.resume();
  process.stdin.once('end', async () => {
    await mongod.release();
    process.exit(0);
  });
} catch (error) {
  process.stdout.write(`${JSON.stringify({ failed: error.message, lines })}\n`);
  process.exit(1);
}
