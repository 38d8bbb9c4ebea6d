/** Follows a user. Following twice is fine. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { userIdInput } from './input-schemas.ts';
import { success } from './view-schemas.ts';

export const followCreate = defineOperation({
  name: 'follow.create',
  summary: 'Follow a user',
  method: 'POST',
  paths: ['/v1/follows'],
  auth: 'user',
  rate: 'write',
  status: 200,
  input: z.strictObject({ followedId: userIdInput }),
  output: success,
  async handle({ services, viewer }, { followedId }) {
    await services.graph.follow(viewer.userId, followedId);
    return { status: 'SUCCESS' as const };
  },
});
