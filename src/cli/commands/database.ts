import type { Command } from 'commander';
import { Option } from 'commander';
import { connectDatabase } from '../../database/connect.js';
import { databaseStatus, type DatabaseStatus } from '../../database/database-status.js';
import { DATABASE_USERS, type DatabaseUser } from '../../database/roles.js';
import type { Terminal } from '../terminal.js';
import { addInitCommand } from './database-init.js';

/** `database url`, `database status`, and `database init` */
export function addDatabaseCommands(program: Command, terminal: Terminal): void {
  const database = program.command('database').description('The MongoDB behind this installation.');
  database
    .command('url')
    .addOption(
      new Option('--as <user>', 'whose connection string')
        .choices([...DATABASE_USERS, 'root'])
        .default('reader'),
    )
    .option('--json', 'print JSON')
    .description('Print how to reach the database. The string holds a password.')
    .action((options: { as: DatabaseUser | 'root'; json?: boolean }) => printUrl(terminal, options));
  addInitCommand(database, terminal);
  database
    .command('status')
    .option('--json', 'print JSON')
    .description('Show server, replica set, and what is stored.')
    .action((options: { json?: boolean }) => status(terminal, options.json));
}

async function printUrl(
  terminal: Terminal,
  { as, json }: { as: DatabaseUser | 'root'; json?: boolean },
): Promise<void> {
  await terminal.withDatabase(json, async (database) => {
    const url = await database.urlAs(as);
    terminal.answer(json, { url, as }, () => [url]);
    if (database.embedded?.adopted === false && json !== true) {
      terminal.reporter().line('The embedded MongoDB runs while the service or a command does: npm start');
    }
  });
}

async function status(terminal: Terminal, json?: boolean): Promise<void> {
  await terminal.withDatabase(json, async (database) => {
    const client = await connectDatabase(await database.urlAs('reader'));
    try {
      const status = await databaseStatus(client, database.name);
      const { version, replicaSet, primary, head, at, events, claims } = status;
      const value = { name: database.name, embedded: database.embedded !== null, ...status };
      terminal.answer(json, value, () => [
        `MongoDB     ${version}, replica set ${replicaSet}, primary ${primary ?? 'none'}`,
        `Database    ${database.name}${database.embedded === null ? '' : ` (embedded, port ${database.embedded.port})`}`,
        `Log         ${events} events, ${headLine(head, at)}`,
        `Claims      ${claims}${doubtOf(status)}`,
      ]);
    } finally {
      await client.close();
    }
  });
}

function doubtOf({ claims, sentinel, claimsClosedSince }: DatabaseStatus): string {
  if (claimsClosedSince !== null) return `, closed since ${claimsClosedSince.toISOString()}`;
  return sentinel === claims ? '' : `, but the sentinel says ${sentinel ?? 'nothing'}`;
}

function headLine(head: number | null, at: Date | null): string {
  if (head === null) return 'but no head: the log is damaged, and "family-accounts doctor" tells what to do';
  return `head at ${head}${at === null ? '' : `, the last on ${at.toISOString()}`}`;
}
