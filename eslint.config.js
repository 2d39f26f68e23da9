import { defineConfig, globalIgnores } from 'eslint/config';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** A file longer than this is usually two (CONTRIBUTING.md). */
const MAX_LINES = 300;

const FROM_THE_COMMAND = 'The domain is told: take it from the command.';
const CLOCK = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: FROM_THE_COMMAND },
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: FROM_THE_COMMAND,
  },
];

/** Fixed in MongoDB 6.0.25, 7.0.22 and 8.0.12; the service runs with older ones, too. */
const NO_UPSERT = {
  selector: "Property[key.name='upsert'][value.value!=false]",
  message:
    'In a transaction, an upsert may pass by a unique index and end the server (CVE-2025-10060): read, then insert or replace.',
};

const IN_TESTS = [
  {
    selector: 'CallExpression[callee.name=/^(it|test)$/] > Literal:first-child[value=/^should\\b/]',
    message: 'A title is a sentence: "refuses …", not "should refuse …".',
  },
  {
    selector: 'MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(only|skip)$/]',
    message: 'Every test runs, or it is not there.',
  },
];

export default defineConfig(
  globalIgnores(['dist/', 'dist.*/', 'dist-bench/', 'data/', 'coverage/', 'bench/peers/', 'bench/results/']),
  // A rule is changed here for everyone, never switched off in a comment.
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        // What Nest injects must stay a value import: its class is named in emitted metadata.
        emitDecoratorMetadata: true,
        experimentalDecorators: true,
      },
    },
    rules: {
      // eslint's own, as far as TypeScript does not see it
      eqeqeq: ['error', 'always'],
      'max-lines': ['error', { max: MAX_LINES }],
      'no-console': 'error',
      'no-constant-binary-expression': 'error',
      'no-constructor-return': 'error',
      'no-control-regex': 'off', // control characters are what some of our patterns are about
      'no-debugger': 'error',
      'no-empty': 'error',
      'no-fallthrough': 'error',
      'no-irregular-whitespace': 'error',
      'no-misleading-character-class': 'error',
      'no-promise-executor-return': ['error', { allowVoid: true }],
      'no-restricted-imports': [
        'error',
        ...['node:fs', 'node:fs/promises'].map((name) => ({
          name,
          importNames: ['link', 'linkSync'],
          message: 'Not every disk has hard links; a lock does (config/file-lock.ts).',
        })),
      ],
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unreachable-loop': ['error', { ignore: ['ForOfStatement'] }], // `for await … return` takes the first
      'no-unsafe-finally': 'error',
      'no-useless-catch': 'error',
      'no-var': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
      'object-shorthand': 'error',
      'prefer-const': 'error',

      // typescript-eslint, beyond its strict set
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          caughtErrorsIgnorePattern: '^_',
          ignoreRestSiblings: true,
        },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],

      // its strict set, where that gets in the way of readable code
      '@typescript-eslint/no-confusing-void-expression': 'off', // `return refuse(…)` ends a guard in one line
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }], // code points are what is meant
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off', // a DTO's class names the shape of plain objects
      '@typescript-eslint/dot-notation': 'off', // documents of MongoDB are index signatures
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }], // an empty variable is unset
    },
  },
  { files: ['src/**/*.ts'], rules: { 'no-restricted-syntax': ['error', NO_UPSERT] } },
  {
    // The same command on the same state always decides the same.
    files: ['src/families/domain/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', NO_UPSERT, ...CLOCK],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: FROM_THE_COMMAND },
      ],
      'no-restricted-globals': [
        'error',
        'crypto',
        'fetch',
        'performance',
        'process',
        'setInterval',
        'setTimeout',
      ],
    },
  },
  {
    files: ['src/cli.ts', 'src/cli/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-console': 'off' }, // what they print is what they are for
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...IN_TESTS],
      // Tests look at answers whose shape is what they prove.
      '@typescript-eslint/no-deprecated': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['**/*.{js,cjs,mjs}'], extends: [tseslint.configs.disableTypeChecked] },
  prettier,
);
