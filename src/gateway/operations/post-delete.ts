/** Deletes a post of one's own, for good. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { postIdInput } from './input-schemas.ts';
import { nothing } from './view-schemas.ts';

export const postDelete = defineOperation({
  name: 'post.delete',
  summary: 'Delete your post',
  method: 'DELETE',
  paths: ['/v1/posts/{postId}', '/v1/photos/{postId}'],
  auth: 'user',
  rate: 'write',
  status: 204,
  input: z.object({ postId: postIdInput }),
  output: nothing,
  async handle({ services, viewer }, { postId }) {
    await services.posts.remove(viewer.userId, postId);
    return null;
  },
});
