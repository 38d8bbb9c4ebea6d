/** Which keys a blob may have. Adapters put them into file names and URLs, so nothing in them may have a meaning there. */
const KEY_PATTERN = /^[a-z0-9/._-]{1,200}$/;

/** False for anything that could leave the folder or name the same blob twice: empty segments, `.` and `..`. */
export function isBlobKey(key: string): boolean {
  return (
    KEY_PATTERN.test(key) && key.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  );
}
