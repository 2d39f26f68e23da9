import type { RequestOptions } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Reporter } from '../../config/reporter.js';
import { errorMessage } from '../../config/error-facts.js';
import { keepInCache, withStaging } from './mongod-cache.js';
import type { Candidates, SearchContext } from './mongod-source.js';

/** Taken for new installations: a version that `mongodb-memory-server-core` knows the downloads of. */
const MONGODB_DOWNLOAD_VERSION = '8.2.6';
const SITE = 'fastdl.mongodb.org';
const CONNECT_MS = 3_000;
/** Silence after which a download is given up. */
const SILENCE_MS = 6_000;

/** MongoDB's own build for this platform, from its own site; gives up within seconds where that is out of reach. */
export async function fromMongodbDownload({ env, reporter, keep, stop }: SearchContext): Promise<Candidates> {
  const unreachable = await whyNoConnection(env);
  if (unreachable !== undefined)
    return { none: `MongoDB's site (${SITE}) cannot be reached: ${unreachable}` };
  const version = keep ?? MONGODB_DOWNLOAD_VERSION;
  try {
    return await withStaging(env, async (staging) => {
      const mongod = await unlessStopped(download(version, join(staging, 'download'), reporter), stop);
      return { binaries: [await keepInCache(env, staging, { version, mongod })] };
    });
  } catch (error) {
    const reason = errorMessage(error).split('\n')[0];
    return { none: `the download of MongoDB ${version} from its site failed: ${reason}` };
  }
}

/** The package's download cannot be broken off; what it still writes goes with its folder. */
async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal | undefined): Promise<T> {
  if (stop === undefined) return work;
  stop.throwIfAborted();
  let onStop: (() => void) | undefined;
  const stopped = new Promise<never>((_, reject) => {
    onStop = () => reject(new Error('it was broken off'));
    stop.addEventListener('abort', onStop, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    if (onStop !== undefined) stop.removeEventListener('abort', onStop);
  }
}

async function download(version: string, downloadDir: string, reporter: Reporter): Promise<string> {
  const { MongoBinaryDownload } = await import('mongodb-memory-server-core/lib/util/MongoBinaryDownload.js');

  class ReportedDownload extends MongoBinaryDownload {
    override printDownloadProgress(chunk: { length: number }): void {
      this.dlProgress.current += chunk.length;
      reporter.progress(
        `Downloading MongoDB ${version}`,
        this.dlProgress.current,
        this.dlProgress.length || undefined,
      );
    }

    // The package leaves certificates unchecked unless npm is told otherwise; a server binary deserves the check.
    override httpDownload(url: URL, options: RequestOptions, to: string, draft: string): Promise<string> {
      return super.httpDownload(url, { ...options, rejectUnauthorized: true }, to, draft, 1, 0, SILENCE_MS);
    }
  }

  return new ReportedDownload({ version, downloadDir, checkMD5: true }).getMongodPath();
}

/** Tries a plain connection, through the proxy where one is configured; undefined means it can be reached. */
async function whyNoConnection(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const proxy = env.https_proxy ?? env.HTTPS_PROXY ?? env.http_proxy ?? env.HTTP_PROXY;
  const target = proxy !== undefined && URL.canParse(proxy) ? new URL(proxy) : undefined;
  const host = target?.hostname ?? SITE;
  const port = Number(target?.port) || (target?.protocol === 'http:' ? 80 : 443);
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (why: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(why);
    };
    const timer = setTimeout(() => settle(`no answer within ${CONNECT_MS / 1000} s`), CONNECT_MS);
    socket.once('error', (error) => settle(error.message));
    socket.once('connect', () => {
      // A TLS proxy is left to the download itself; a plain one answers whether it lets us through.
      if (target?.protocol !== 'http:') return settle(undefined);
      socket.write(`CONNECT ${SITE}:443 HTTP/1.1\r\nHost: ${SITE}:443\r\n${proxyCredentials(target)}\r\n`);
      socket.once('data', (answer) => {
        const status = /^HTTP\/1\.[01] (\d+)/.exec(answer.toString('latin1'))?.[1];
        settle(status?.startsWith('2') ? undefined : `the proxy answers ${status ?? 'nonsense'}`);
      });
      socket.once('close', () => settle('the proxy closed the connection'));
    });
  });
}

/** The header line that signs in to the proxy; none where its URL names no user. */
function proxyCredentials({ username, password }: URL): string {
  if (username === '') return '';
  const credentials = [username, password].map(decoded).join(':');
  return `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`;
}

/** Percent-encoded text in the clear. What is not encoded properly (a password with a bare %) is meant as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
