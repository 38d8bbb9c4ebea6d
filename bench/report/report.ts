/** Makes the page and RESULTS.md from what the last runs left behind: full scale if there is any, else small. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reportPage } from './page.ts';
import { readResults } from './results-file.ts';
import { resultsText } from './results-text.ts';

const BENCH = join(import.meta.dirname, '..');

/** The files written; none when nothing was run yet. */
export async function writeReport(): Promise<string[]> {
  const results = (await readResults('full')) ?? (await readResults('small'));
  if (results === null) return [];
  const page = join(BENCH, 'report', 'index.html');
  const text = join(BENCH, 'RESULTS.md');
  await writeFile(page, reportPage(results.lines));
  await writeFile(text, resultsText(results));
  return [page, text];
}
