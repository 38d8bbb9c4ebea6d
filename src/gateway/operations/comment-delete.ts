/** Deletes a comment: one's own, or any on one's own post. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { commentIdInput, postIdInput } from './input-schemas.ts';
import { nothing } from './view-schemas.ts';

export const commentDelete = defineOperation({
  name: 'comment.delete',
  summary: 'Delete a comment',
  method: 'DELETE',
  paths: ['/v1/posts/{postId}/comments/{commentId}'],
  auth: 'user',
  rate: 'write',
  status: 204,
  input: z.object({ postId: postIdInput, commentId: commentIdInput }),
  output: nothing,
  async handle({ services, viewer }, { postId, commentId }) {
    await services.engagement.deleteComment(viewer.userId, postId, commentId);
    return null;
  },
});
