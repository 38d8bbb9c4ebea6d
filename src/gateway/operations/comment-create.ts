/** Comments on a post, or answers a comment on it. */
import { z } from 'zod';
import { limits } from '../../limits.ts';
import { defineOperation } from '../operation.ts';
import { commentIdInput, postIdInput, text } from './input-schemas.ts';
import { commentView } from './view-schemas.ts';

export const commentCreate = defineOperation({
  name: 'comment.create',
  summary: 'Comment on a post',
  method: 'POST',
  paths: ['/v1/posts/{postId}/comments'],
  auth: 'user',
  rate: 'write',
  status: 201,
  creates: true,
  input: z.strictObject({
    postId: postIdInput,
    text: text({ min: 1, max: limits.commentCharactersMax, lines: true }),
    parentId: commentIdInput.nullable().default(null).meta({ description: 'The comment this one answers.' }),
  }),
  output: commentView,
  handle: ({ services, viewer, idempotencyKey }, { postId, ...comment }) =>
    services.engagement.comment(viewer.userId, postId, comment, { key: idempotencyKey }),
});
