/** Stops following a user. Repeating it is fine. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { userIdInput } from './input-schemas.ts';
import { success } from './view-schemas.ts';

export const followRemove = defineOperation({
  name: 'follow.remove',
  summary: 'Stop following a user',
  method: 'DELETE',
  paths: ['/v1/follows/{followedId}'],
  auth: 'user',
  rate: 'write',
  status: 200,
  input: z.object({ followedId: userIdInput }),
  output: success,
  async handle({ services, viewer }, { followedId }) {
    await services.graph.unfollow(viewer.userId, followedId);
    return { status: 'SUCCESS' as const };
  },
});
