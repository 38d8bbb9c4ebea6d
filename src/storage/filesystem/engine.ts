/** Errors of the file system in the words of the catalogue. */
import { Problem } from '../../errors.ts';

/** Full disk, I/O errors and the like become `unavailable`. */
export async function engine<Result>(operation: Promise<Result>): Promise<Result> {
  try {
    return await operation;
  } catch (error) {
    throw engineProblem(error);
  }
}

export function engineProblem(cause: unknown): Problem {
  return new Problem('unavailable', { detail: 'The blob folder cannot be used at the moment.', cause });
}
