import type { mongo } from 'mongoose';
import type { ProjectionStatus } from '../../src/projections/generations/status.js';
import { cliInstallation, type CliInstallation } from './cli-installation.js';
import { statusesOf, untilAllFollow } from './followed-projections.js';
import type { RegisteredFamily } from './test-service.js';
import { documents, type AnyDocument } from './try-rights.js';

/** An installation in which two families are registered, and the command line on it. */
export interface TwoFamilies {
  readonly installation: CliInstallation;
  /** The one that was registered first. */
  readonly family: RegisteredFamily;
  readonly run: CliInstallation['run'];
  /** What is derived, as root has it. */
  root(): mongo.Db;
  statuses(): mongo.Collection<ProjectionStatus>;
  /** The live documents of a projection. */
  liveSlot(projection: string): Promise<mongo.Collection<AnyDocument>>;
}

/** Makes one before the tests of a file, with every projection at the end of the log, and removes it after them. */
export function twoFamilies(): TwoFamilies {
  let installation: CliInstallation;
  let family: RegisteredFamily;
  beforeAll(async () => {
    installation = await cliInstallation();
    family = await installation.service.register();
    await installation.service.register();
    await untilAllFollow(installation.service.database);
  });
  afterAll(() => installation.remove());

  const root = (): mongo.Db => {
    const { rootClient, name } = installation.service.database;
    return rootClient.db(name);
  };
  const statuses = (): mongo.Collection<ProjectionStatus> => statusesOf(installation.service.database);
  return {
    get installation() {
      return installation;
    },
    get family() {
      return family;
    },
    run: (...args) => installation.run(...args),
    root,
    statuses,
    liveSlot: async (projection) => {
      const status = await statuses().findOne({ _id: projection });
      return documents(root(), `${projection}@${status?.live ?? ''}`);
    },
  };
}
