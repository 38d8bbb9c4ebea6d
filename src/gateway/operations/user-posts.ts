/** A user's posts, newest first. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { pageInput, pageOf, userIdInput } from './input-schemas.ts';
import { postPage } from './view-schemas.ts';

export const userPosts = defineOperation({
  name: 'user.posts',
  summary: "List a user's posts",
  method: 'GET',
  paths: ['/v1/users/{userId}/posts'],
  auth: 'anyone',
  rate: 'read',
  status: 200,
  isPostPage: true,
  input: z.object({ userId: userIdInput, ...pageInput }),
  output: postPage,
  async handle({ services, viewer }, input) {
    const page = await services.posts.ofUser(viewer?.userId ?? null, input.userId, pageOf(input));
    return { posts: page.items, nextCursor: page.nextCursor };
  },
});
