/** As `Promise.all`, but rejects only when all are done: nothing comes up behind the end of what failed. */
export async function allDone<Work extends readonly Promise<unknown>[] | []>(
  work: Work,
): Promise<{ -readonly [Place in keyof Work]: Awaited<Work[Place]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
