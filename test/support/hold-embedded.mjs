// A process like the service: starts or joins the embedded MongoDB of a folder, says so on standard output in one
// line of JSON, and releases it when its standard input ends.
import { startEmbedded } from '../../dist/database/embedded/start-embedded.js';

const lines = [];
const reporter = { line: (text) => lines.push(text), progress: () => undefined };
try {
  const mongod = await startEmbedded({ dataDir: process.argv[2], env: process.env, reporter });
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
