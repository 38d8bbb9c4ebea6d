/** Pure: what a command does to an edge (a follow or a like), given the edge as it stands. */
import type { EdgeState } from '../../storage/repositories/edge-batches.ts';

export interface Edge {
  readonly state: EdgeState;
  readonly revision: number;
}

/** True if the command has to write: an edge that stands as wanted is left alone. */
export function changesEdge(edge: Edge | null, wanted: EdgeState): boolean {
  return (edge?.state ?? 'gone') !== wanted;
}
