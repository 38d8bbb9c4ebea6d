/** Which keys a blob may have. Adapters put them into file names and URLs, so nothing in them may have a meaning there. */
const CHARACTERS_MAX = 200;
/** Segments between slashes: none of them empty, `.` or `..`. */
const SEGMENTS_PATTERN = /^(?!\.{1,2}(?:\/|$))[a-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[a-z0-9._-]+)*$/;

/** False for anything that could leave the folder or name the same blob twice: empty segments, `.` and `..`. */
export function isBlobKey(key: string): boolean {
  return key.length <= CHARACTERS_MAX && SEGMENTS_PATTERN.test(key);
}
