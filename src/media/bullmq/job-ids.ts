/**
 * Keys as ids of jobs, so that a key that waits or runs cannot be added again. An id holds no colon and is no number: the
 * queue's own keys and counters look like that.
 */
export interface JobIds {
  of(key: string): string;
  keyOf(id: string): string;
}

const MARK = 'j-';

export const jobIds: JobIds = {
  of: (key) => MARK + encodeURIComponent(key),
  keyOf: (id) => decodeURIComponent(id.slice(MARK.length)),
};
