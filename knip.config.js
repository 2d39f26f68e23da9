/** Finds files, exports and dependencies that nothing uses. What only a test uses counts as used. */
export default {
  entry: [
    'src/main.ts',
    'src/cli.ts',
    'test/**/*.{unit,int,e2e,fault,long}.ts',
    'test/global-{setup,teardown}.ts',
    // Started by tests as processes of their own.
    'test/support/**/*.mjs',
    'bench/*.ts',
  ],
  project: ['src/**/*.ts', 'test/**/*.{ts,mjs}', 'bench/**/*.ts', '!bench/peers/**'],
  // An exported type may be there for its reader, next to the function it belongs to.
  ignoreExportsUsedInFile: { interface: true, type: true },
  // Named by nest-cli.json; @nestjs/cli brings it.
  // Makes a full disk, where the system allows it.
  ignoreBinaries: ['unshare'],
  ignoreDependencies: ['@nestjs/schematics'],
};
