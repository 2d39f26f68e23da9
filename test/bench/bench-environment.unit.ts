import { benchEnvironment } from '../../bench/bench-environment.js';
import { configurationTable } from '../../src/config/configuration.js';

it('leaves nothing of an installation that was exported, and all the rest', () => {
  const exported = Object.fromEntries(configurationTable.map(({ name }) => [name, 'theirs']));
  expect(
    benchEnvironment({ DATA_DIR: '/tmp/ours', PORT: '0' }, { ...exported, PATH: '/bin', HOME: '/root' }),
  ).toEqual({
    PATH: '/bin',
    HOME: '/root',
    // Where this machine has its MongoDB.
    MONGOD_BINARY: 'theirs',
    DATA_DIR: '/tmp/ours',
    PORT: '0',
  });
});
