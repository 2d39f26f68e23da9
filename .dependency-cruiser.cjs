/**
 * Dependencies point one way (docs/architecture.md):
 *
 *   http, cli → families, sessions, operators, jobs, integrity, archive, reactions
 *             → projections, privacy, idempotency → event-log → database, config
 *
 * main.ts, cli.ts, app.module.ts and start-service.ts put the parts together: they may use everything, and
 * nobody but they may use them.
 * test/architecture/dependency-rules.unit.ts proves that every rule here bites.
 */
const LAYERS = [
  ['http', 'cli'],
  ['families', 'sessions', 'operators', 'jobs', 'integrity', 'archive', 'reactions'],
  ['projections', 'privacy', 'idempotency'],
  ['event-log'],
  ['database', 'config'],
];

const COMPOSITION_ROOTS = '^src/(main|cli|app\\.module|start-service)\\.ts$';
const DRIVER = '(^|/)node_modules/(mongodb|bson)/|^(mongodb|bson)(/|$)';

/** What reaches out of the process, or writes to the log. */
const EFFECTS = [
  '^src/(http|cli|reactions|sessions|operators|jobs|archive)/',
  '^src/families/[^/]*\\.service\\.ts$',
  '^src/event-log/(append/|event-log\\.ts$)',
  '^(node:)?(http|https|http2|net|tls|dgram|child_process)$',
  '(^|/)node_modules/(fastify|@nestjs/platform-[^/]+|undici|axios|nodemailer)/',
];

const inFolders = (folders) => `^src/(${folders.join('|')})/`;

/** One rule a layer: it may not import from any layer above it. */
const LAYER_RULES = LAYERS.slice(1).map((layer, above) => ({
  name: `${layer.join('-')}-imports-nothing-above-it`,
  comment: `${layer.join(', ')} may not know ${LAYERS.slice(0, above + 1)
    .flat()
    .join(', ')}.`,
  severity: 'error',
  from: { path: inFolders(layer) },
  to: { path: inFolders(LAYERS.slice(0, above + 1).flat()) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...LAYER_RULES,
    {
      name: 'projections-know-no-family',
      comment:
        'The engine takes projections and a decoder; what events mean, and what opens them, is brought to it.',
      severity: 'error',
      from: { path: '^src/projections/' },
      to: { path: '^src/', pathNot: inFolders(['projections', 'event-log', 'database', 'config']) },
    },
    {
      name: 'projections-have-no-effects',
      comment:
        'P7: a replay sends nothing, starts nothing and appends nothing, because nothing of the kind can be reached.',
      severity: 'error',
      from: { path: '^src/(projections|families/read-models)/' },
      to: { path: EFFECTS },
    },
    {
      name: 'domain-is-pure',
      comment:
        'The domain is functions and data. `node:url` is the exception: it knows how domains of email addresses are written.',
      severity: 'error',
      from: { path: '^src/families/domain/' },
      to: { pathNot: ['^src/families/domain/', '^(node:)?url$'] },
    },
    {
      name: 'nobody-imports-http',
      comment: 'HTTP is one way in; what it needs is offered below it.',
      severity: 'error',
      from: { path: '^src/', pathNot: [COMPOSITION_ROOTS, '^src/http/'] },
      to: { path: '^src/http/' },
    },
    {
      name: 'nobody-imports-cli',
      comment: 'The command line is one way in; what it needs is offered below it.',
      severity: 'error',
      from: { path: '^src/', pathNot: [COMPOSITION_ROOTS, '^src/cli/'] },
      to: { path: '^src/cli/' },
    },
    {
      name: 'nobody-imports-composition-roots',
      comment: 'They put the parts together; a part that needs them is put together wrongly.',
      severity: 'error',
      from: { path: '^src/', pathNot: COMPOSITION_ROOTS },
      to: { path: COMPOSITION_ROOTS },
    },
    {
      name: 'every-folder-has-a-layer',
      comment: 'A new folder in src/ needs a place in LAYERS; a new file beside main.ts, a folder.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: [inFolders(LAYERS.flat()), COMPOSITION_ROOTS] },
    },
    {
      name: 'src-never-imports-tests',
      comment: 'What is shipped does not depend on what proves or measures it.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'one-copy-of-the-driver',
      comment:
        'Take it from mongoose.mongo: with a second copy error classes do not match and retries silently stop.',
      severity: 'error',
      from: { path: '^(src|test|bench)/' },
      to: { path: DRIVER },
    },
    {
      name: 'src-needs-no-dev-dependencies',
      comment: 'They are not there in production.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
    {
      name: 'everything-resolves',
      comment: 'An import that leads nowhere, or to a package that package.json does not list.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: DRIVER },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^bench/peers/' },
    // Types count: what a file knows of is what it depends on.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
