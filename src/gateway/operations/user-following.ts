/** Whom a user follows. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { pageInput, pageOf, userIdInput } from './input-schemas.ts';
import { userPage } from './view-schemas.ts';

export const userFollowing = defineOperation({
  name: 'user.following',
  summary: 'List whom a user follows',
  method: 'GET',
  paths: ['/v1/users/{userId}/following'],
  auth: 'anyone',
  rate: 'read',
  status: 200,
  input: z.object({ userId: userIdInput, ...pageInput }),
  output: userPage,
  async handle({ services, viewer }, input) {
    const page = await services.graph.following(viewer?.userId ?? null, input.userId, pageOf(input));
    return { users: page.items, nextCursor: page.nextCursor };
  },
});
