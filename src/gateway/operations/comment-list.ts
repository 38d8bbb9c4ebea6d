/** The comments on a post, newest first. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { pageInput, pageOf, postIdInput } from './input-schemas.ts';
import { commentPage } from './view-schemas.ts';

export const commentList = defineOperation({
  name: 'comment.list',
  summary: 'List the comments on a post',
  method: 'GET',
  paths: ['/v1/posts/{postId}/comments'],
  auth: 'anyone',
  rate: 'read',
  status: 200,
  input: z.object({ postId: postIdInput, ...pageInput }),
  output: commentPage,
  async handle({ services, viewer }, input) {
    const page = await services.engagement.comments(viewer?.userId ?? null, input.postId, pageOf(input));
    return { comments: page.items, nextCursor: page.nextCursor };
  },
});
