/** Who follows a user. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { pageInput, pageOf, userIdInput } from './input-schemas.ts';
import { userPage } from './view-schemas.ts';

export const userFollowers = defineOperation({
  name: 'user.followers',
  summary: 'List who follows a user',
  method: 'GET',
  paths: ['/v1/users/{userId}/followers'],
  auth: 'anyone',
  rate: 'read',
  status: 200,
  input: z.object({ userId: userIdInput, ...pageInput }),
  output: userPage,
  async handle({ services, viewer }, input) {
    const page = await services.graph.followers(viewer?.userId ?? null, input.userId, pageOf(input));
    return { users: page.items, nextCursor: page.nextCursor };
  },
});
