import test from 'ava';
import {
  adaptersOnlyInCompose,
  documentPaths,
  doors,
  fileSize,
  noEscapeHatches,
  noSkippedTests,
  noUnfinishedMarks,
  type Rule,
  timeOnlyInClock,
  vendorsAtHome,
} from './rules.ts';
import { repositoryFiles, type SourceFile } from './source-files.ts';

const source = repositoryFiles('src/*.ts');
const code = repositoryFiles('*.ts', '*.tsx');
const documents = repositoryFiles('*.md');
const allPaths = repositoryFiles().map((file) => file.path);

interface HouseRule {
  readonly name: string;
  readonly rule: Rule;
  readonly files: readonly SourceFile[];
  /** A file that breaks the rule, to show that the check can fail. */
  readonly offender: SourceFile;
}

const houseRules: readonly HouseRule[] = [
  {
    name: 'rooms import only through their doors',
    rule: doors,
    files: source,
    offender: { path: 'src/storage/bad.ts', text: "import { x } from '../actors/event.ts';\n" },
  },
  {
    name: 'the vocabulary imports no room',
    rule: doors,
    files: source,
    offender: { path: 'src/bad.ts', text: "import type { Store } from './storage/store.ts';\n" },
  },
  {
    name: 'only the composition root names adapters',
    rule: adaptersOnlyInCompose,
    files: source,
    offender: {
      path: 'src/gateway/bad.ts',
      text: "import { MemoryStore } from '../storage/memory/memory-store.ts';\n",
    },
  },
  {
    name: 'vendor packages stay in their adapter',
    rule: vendorsAtHome,
    files: source,
    offender: { path: 'src/actors/bad.ts', text: "import sharp from 'sharp';\n" },
  },
  {
    name: 'no file is longer than 400 lines',
    rule: fileSize,
    files: code,
    offender: { path: 'src/bad.ts', text: 'line\n'.repeat(401) },
  },
  {
    name: 'time, timers and chance come from the clock',
    rule: timeOnlyInClock,
    files: source,
    offender: { path: 'src/bad.ts', text: 'const now = Date.now();\n' },
  },
  {
    name: 'no escape from the type system or the linter',
    rule: noEscapeHatches,
    files: code,
    offender: { path: 'src/bad.ts', text: 'const x: any = 1;\n' },
  },
  {
    name: 'no test is skipped',
    rule: noSkippedTests,
    files: code,
    offender: { path: 'test/bad.test.ts', text: "test.skip('x', () => {});\n" },
  },
  {
    name: 'nothing is left for later',
    rule: noUnfinishedMarks,
    files: code,
    offender: { path: 'src/bad.ts', text: '// TODO: finish\n' },
  },
  {
    name: 'documents name only paths that exist',
    rule: documentPaths(allPaths),
    files: documents,
    offender: { path: 'README.md', text: 'See `src/nowhere.ts`.\n' },
  },
];

for (const { name, rule, files, offender } of houseRules) {
  test(name, (t) => {
    t.deepEqual(rule(files), []);
  });
  test(`${name}: the check can fail`, (t) => {
    t.is(rule([offender]).length, 1);
  });
}

test('the rules see the repository', (t) => {
  t.true(source.length > 20);
});
