import tseslint from 'typescript-eslint'

const ambientTime = [
  { selector: 'NewExpression[callee.name="Date"]', message: 'Take the time from ctx.now or platform/clock.ts.' },
  {
    selector: 'MemberExpression[object.name="Date"][property.name="now"]',
    message: 'Take the time from ctx.now or platform/clock.ts.',
  },
  {
    selector: 'MemberExpression[property.name=/^toLocale(Date|Time)?String$/]',
    message: 'Format through platform/i18n/format.ts, which knows the clinic and the language.',
  },
  {
    selector: 'MemberExpression[object.name="Temporal"][property.name="Now"]',
    message: 'Take the time from ctx.now or platform/clock.ts.',
  },
]
const chance = {
  selector: 'MemberExpression[object.name="Math"][property.name="random"]',
  message: 'Use node:crypto for anything that must not be guessed, a seeded generator for demo data.',
}
const rawTemplate = {
  selector: 'CallExpression[callee.property.name="raw"] > TemplateLiteral.arguments[expressions.length>0]',
  message: 'SQL takes parameters, never text pasted into it.',
}

export default tseslint.config(
  { ignores: ['dist', '.data', 'public/vendor', 'node_modules'] },
  ...tseslint.configs.recommendedTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...ambientTime, chance, rawTemplate],
    },
  },
  {
    // The one door to the clock, the only formatter, and code that never serves a patient.
    files: ['src/platform/clock.ts', 'src/platform/i18n/format.ts'],
    rules: { 'no-restricted-syntax': ['error', chance, rawTemplate] },
  },
  {
    files: ['src/dev/**', 'tests/**', 'seeds/**'],
    rules: { 'no-console': 'off', 'no-restricted-syntax': ['error', chance] },
  },
  {
    files: ['tests/**'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
)
